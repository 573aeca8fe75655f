"""Evaluate: score a model on held-out examples, beside the baseline and the champion, by slice."""

import logging
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app.contract import columns
from app.data import split
from app.errors import ModelRefused
from app.registry import predictor, records, versions
from app.training import metrics
from app.training.model import SEED, build_baseline, to_xy, with_preprocessing

_log = logging.getLogger(__name__)

SLICE_ROWS = 20
"""Held-out rows that a slice needs, at least."""


def main(version: str = "") -> None:
    """Evaluate a version, by default the newest, and store the result beside it."""
    version = version or versions.newest()
    parts = split.hold_out(split.read_examples())
    evaluation = evaluate(version, parts, _load_champion())
    versions.add_evaluation(version, evaluation)
    _log_scores(evaluation)
    _log.info("%s is evaluated: `uv run poe gate` judges it", version)


def evaluate(
    version: str, parts: split.Split, champion: predictor.Predictor | None
) -> records.Evaluation:
    """Score a version, the baseline and the champion on the same held-out examples."""
    model, record = versions.load(version), versions.record_of(version)
    x, y = to_xy(parts.test)
    predicted = _predict(model, parts.test)
    baseline = build_baseline().fit(*to_xy(parts.train)).predict(x)
    return records.Evaluation(
        format=records.FORMAT,
        metric=metrics.main_name(),
        sha256=record.sha256,
        model=metrics.all_scores(y, predicted),
        baseline=metrics.all_scores(y, baseline),
        champion=metrics.all_scores(y, _predict(champion, parts.test)) if champion else None,
        against=versions.champion().version,
        slices=_slices(parts.test, y.to_numpy(), predicted, baseline),
        single_features=single_feature_scores(parts),
        folds=record.cross_validation,
        importance=importance(model, parts.test),
    )


def importance(model: predictor.Predictor, test: pd.DataFrame, repeats: int = 5) -> records.Scores:
    """Give the main metric that is lost, on average, when a feature's values change places.

    Permutation importance: Breiman, "Random Forests", Machine Learning 45 (2001), section 10.
    At most 2,000 rows are used.
    """
    chance = np.random.default_rng(SEED)
    rows = test.sample(min(2000, len(test)), random_state=SEED)
    _, y = to_xy(rows)
    whole = metrics.main_score(y, _predict(model, rows))
    lost = {}
    for name in columns.features():
        mixed = [rows.assign(**{name: chance.permutation(rows[name])}) for _ in range(repeats)]
        scores = [metrics.main_score(y, _predict(model, frame)) for frame in mixed]
        lost[name] = whole - float(np.mean(scores))
    return lost


def single_feature_scores(parts: split.Split) -> records.Scores:
    """Score a small tree on each feature alone: a perfect one gives the target away."""
    (x_train, y_train), (x_test, y_test) = to_xy(parts.train), to_xy(parts.test)
    kind = DecisionTreeClassifier if columns.task() == "classification" else DecisionTreeRegressor
    scores = {}
    for name in columns.features():
        tree = with_preprocessing(kind(min_samples_leaf=3, random_state=SEED), only=name)
        scores[name] = metrics.main_score(y_test, tree.fit(x_train, y_train).predict(x_test))
    return scores


def _slices(test: pd.DataFrame, y: Any, model: Any, baseline: Any) -> dict[str, records.Slice]:
    """Score each value of each category that has enough rows and a target that varies."""
    slices = {}
    for name, column in columns.features().items():
        texts = test[name].map(str)
        values = [] if column.quantity else sorted(texts.unique())
        for rows, value in (((texts == value).to_numpy(), value) for value in values):
            if rows.sum() >= SLICE_ROWS and len(np.unique(y[rows])) > 1:
                slices[f"{name} = {value}"] = records.Slice(
                    rows=int(rows.sum()),
                    model=metrics.main_score(y[rows], model[rows]),
                    baseline=metrics.main_score(y[rows], baseline[rows]),
                )
    return slices


def _predict(model: predictor.Predictor, frame: pd.DataFrame) -> Any:
    labels = model.labels(model.scores(frame))
    return np.asarray([str(label) for label in labels] if model.classifies else labels)


def _load_champion() -> predictor.Predictor | None:
    """Load the champion to compare with; one that is refused cannot be compared."""
    try:
        return versions.load_champion()
    except ModelRefused as error:
        _log.warning("no comparison with a champion: %s", error)
        return None


def _log_scores(evaluation: records.Evaluation) -> None:
    """Log the metrics and the slices, beside those of the baseline and the champion."""
    champion = evaluation.champion or {}
    for name, score in evaluation.model.items():
        former = f", champion {champion[name]:.3f}" if champion else ""
        _log.info("%s %.3f (baseline %.3f%s)", name, score, evaluation.baseline[name], former)
    for where, part in evaluation.slices.items():
        _log.info("  %s: %.3f on %d rows", where, part.model, part.rows)
