"""Quality of the model, 3: how good the champion is on held-out examples, also slice by slice."""

import pytest

from app import data, evaluate, gate, metrics, registry

pytestmark = [pytest.mark.model, pytest.mark.integration]


@pytest.fixture
def evaluation(champion):
    evaluate.main()
    stored = registry.evaluation_of(champion)
    return evaluate.Evaluation(*(stored[name] for name in evaluate.Evaluation._fields))


def test_it_beats_the_baseline_on_every_fold_but_one(evaluation):
    better = [m > b for m, b in zip(*map(evaluation.folds.get, ("model", "baseline")), strict=True)]

    assert sum(better) >= len(better) - 1


def test_held_out_examples_do_not_surprise(evaluation):
    """A score farther from the folds than they are from each other: luck, a leak, other data."""
    folds, score = evaluation.folds["model"], evaluation.model[metrics.main_name()]

    apart = max(0.15, max(folds) - min(folds))
    assert min(folds) - apart <= score <= max(folds) + apart


def test_no_slice_is_left_behind(evaluation):
    limit = gate.Limits().slice_below_baseline
    for where, part in evaluation.slices.items():
        assert part["model"] >= part["baseline"] - limit, where


def test_a_slice_is_a_part_of_the_held_out_examples(evaluation):
    held_out = len(data.split(data.read_examples()).test)

    assert all(0 < part["rows"] <= held_out for part in evaluation.slices.values())
