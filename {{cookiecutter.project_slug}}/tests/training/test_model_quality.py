"""Quality of the model, 3: how good the champion is on held-out examples, also slice by slice."""

import numpy as np
import pytest

from app.contract import columns
from app.data import ingest, split
from app.registry import versions
from app.training import evaluate, gate, suspicions

pytestmark = [pytest.mark.model, pytest.mark.integration]


@pytest.fixture
def evaluation(champion):
    evaluate.main()
    return versions.evaluation_of(champion)


def test_it_beats_the_baseline_on_every_fold_but_one(evaluation):
    folds = evaluation.folds
    better = [m > b for m, b in zip(folds.model, folds.baseline, strict=True)]

    assert sum(better) >= len(better) - 1


def test_held_out_examples_do_not_surprise(evaluation):
    """A score farther from the folds than they are from each other: luck, a leak, other data."""
    folds, score = evaluation.folds.model, evaluation.score

    apart = max(0.15, max(folds) - min(folds))
    assert min(folds) - apart <= score <= max(folds) + apart


def test_no_slice_is_left_behind(evaluation):
    limit = gate.Limits().slice_below_baseline
    for where, part in evaluation.slices.items():
        assert part.model >= part.baseline - limit, where


def test_a_slice_is_a_part_of_the_held_out_examples(evaluation):
    held_out = len(split.hold_out(split.read_examples()).test)

    assert all(0 < part.rows <= held_out for part in evaluation.slices.values())


@pytest.mark.data
def test_no_feature_determines_the_target():
    ingest.main()

    scores = suspicions.single_feature_scores(split.hold_out(split.read_examples()))

    assert set(scores) == set(columns.features())
    assert max(scores.values()) < 0.99, scores
    assert all(np.isfinite(list(scores.values())))
