"""What a version keeps of the examples that it was made with."""

import pytest

from app.contract import columns
from app.errors import ModelRefused
from app.registry import reference
from app.storage import open_storage

pytestmark = pytest.mark.integration


def test_the_reference_holds_the_examples_with_the_version_s_answers(champion):
    found = reference.read(champion)

    assert set(found) == {*columns.of(), "prediction", "held_out"}
    assert found["prediction"].notna().all()
    assert 0 < found["held_out"].sum() < len(found)


def test_a_version_without_a_reference_is_told(champion):
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    with pytest.raises(ModelRefused, match="does not say what it was trained on"):
        reference.read(champion)
