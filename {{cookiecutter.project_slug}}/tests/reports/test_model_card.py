"""The model card of a version, from its record and its evaluation."""

import pytest

from app.contract import columns
from app.registry import versions
from app.registry.records import Comparison
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
    scores = evaluation.model
    beside = Comparison(version="former", rows=9, model=scores, champion=scores)
    former = {"champion": beside, "reasons": ["too bad."], "accepted": "a reason"}
    record = versions.record_of(champion)

    text = model_card.describe(record, evaluation.model_copy(update=former))

    assert f"The champion of that time, `former`, has {evaluation.score:.3f}" in text
    assert "on 9 rows new to both" in text
    assert "| **Gate** | refused too bad. (accepted: a reason) |" in text
    assert 0 < record.data.learnt < record.data.rows
    assert f"{record.data.learnt:,} of {record.data.rows:,} examples" in text
