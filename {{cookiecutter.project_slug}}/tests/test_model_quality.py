"""Quality of the model, 3: how good the champion is on held-out examples, also slice by slice."""

import pytest

from app import data, evaluate, gate, metrics, registry

pytestmark = pytest.mark.model


@pytest.fixture
def evaluation(champion):
    evaluate.main()
    stored = registry.evaluation_of(champion)
    return evaluate.Evaluation(*(stored[name] for name in evaluate.Evaluation._fields))


def test_it_beats_the_baseline_on_every_fold_but_one(evaluation):
    better = [m > b for m, b in zip(*map(evaluation.folds.get, ("model", "baseline")), strict=True)]

    assert sum(better) >= len(better) - 1


def test_held_out_examples_do_not_surprise(evaluation):
    """A score far from those of the folds means luck, a leak, or other data."""
    folds, score = evaluation.folds["model"], evaluation.model[metrics.main_name()]

    assert min(folds) - 0.15 <= score <= max(folds) + 0.15


def test_no_slice_is_left_behind(evaluation):
    limit = gate.Limits().slice_below_baseline
    for where, part in evaluation.slices.items():
        assert part["model"] >= part["baseline"] - limit, where


def test_a_slice_is_a_part_of_the_held_out_examples(evaluation):
    held_out = len(data.split(data.read_examples()).test)

    assert all(0 < part["rows"] <= held_out for part in evaluation.slices.values())
