"""The model card of a version, from its record and its evaluation."""

import pytest

from app.contract import columns
from app.registry import versions
from app.reports import model_card

pytestmark = [pytest.mark.model, pytest.mark.integration]


def test_the_card_says_what_the_registry_knows(champion):
    text = model_card.describe(versions.record_of(champion), versions.evaluation_of(champion))

    evaluation = versions.evaluation_of(champion)
    assert f"{evaluation.metric} {evaluation.score:.3f}" in text
    assert champion in text
    assert columns.target().label in text


def test_the_card_names_the_champion_of_that_time(champion):
    evaluation = versions.evaluation_of(champion)
    former = {"champion": evaluation.model, "against": "former", "reasons": ["too bad."]}

    text = model_card.describe(versions.record_of(champion), evaluation.model_copy(update=former))

    assert f"the champion of that time (`former`) {evaluation.score:.3f}" in text
    assert "| **Gate** | refused too bad. |" in text
