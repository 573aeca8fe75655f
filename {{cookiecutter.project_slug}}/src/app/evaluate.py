"""Evaluate: score a model on held-out examples, beside the baseline and the champion, by slice."""

import logging
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app import contract, data, metrics, registry
from app.errors import ModelRefused
from app.model import SEED, build_baseline, to_xy, with_preprocessing
from app.predict import Predictor

_log = logging.getLogger(__name__)

Scores = dict[str, float]


class Evaluation(NamedTuple):
    """What is known of a model before the gate decides: metrics by name, and more.

    `slices` holds rows, model and baseline (the main metric) by a text such as "island = Dream";
    `single_features` holds the main metric that each feature reaches alone;
    `folds` holds it for model and baseline on each fold of the cross-validation;
    `importance` holds how much of it is lost without what a feature says;
    `against` is the version that was champion then.
    """

    model: Scores
    baseline: Scores
    champion: Scores | None
    slices: dict[str, Scores]
    single_features: Scores
    folds: dict[str, list[float]]
    importance: Scores
    against: str | None = None


def main(version: str = "") -> None:
    """Evaluate a version, by default the newest, and store the result beside it."""
    version = version or registry.newest()
    model, parts = registry.load(version), data.split(data.read_examples())
    folds = registry.record_of(version)["cross_validation"]
    against = registry.champion().version
    evaluation = evaluate(model, _load_champion(), parts, folds)._replace(against=against)
    registry.add_evaluation(version, evaluation._asdict())
    _tell(evaluation)
    _log.info("%s is evaluated: `uv run poe gate` judges it", version)


def evaluate(
    model: Predictor, champion: Predictor | None, parts: data.Split, folds: dict[str, list[float]]
) -> Evaluation:
    """Score a model, the baseline and the champion on the same held-out examples."""
    x, y = to_xy(parts.test)
    predicted = _predict(model, parts.test)
    baseline = build_baseline().fit(*to_xy(parts.train)).predict(x)
    return Evaluation(
        model=metrics.all_scores(y, predicted),
        baseline=metrics.all_scores(y, baseline),
        champion=metrics.all_scores(y, _predict(champion, parts.test)) if champion else None,
        slices=_slices(parts.test, y.to_numpy(), predicted, baseline),
        single_features=single_feature_scores(parts),
        folds=folds,
        importance=importance(model, parts.test),
    )


def importance(model: Predictor, test: pd.DataFrame, repeats: int = 5) -> Scores:
    """Give the main metric that is lost, on average, when a feature's values change places.

    Permutation importance: Breiman, "Random Forests", Machine Learning 45 (2001), section 10.
    At most 2,000 rows are used.
    """
    chance = np.random.default_rng(SEED)
    rows = test.sample(min(2000, len(test)), random_state=SEED)
    _, y = to_xy(rows)
    whole = metrics.main_score(y, _predict(model, rows))
    lost = {}
    for name in contract.features():
        mixed = [rows.assign(**{name: chance.permutation(rows[name])}) for _ in range(repeats)]
        scores = [metrics.main_score(y, _predict(model, one)) for one in mixed]
        lost[name] = whole - float(np.mean(scores))
    return lost


def single_feature_scores(parts: data.Split) -> Scores:
    """Score a small tree on each feature alone: a perfect one gives the target away."""
    (x_train, y_train), (x_test, y_test) = to_xy(parts.train), to_xy(parts.test)
    kind = DecisionTreeClassifier if contract.task() == "classification" else DecisionTreeRegressor
    scores = {}
    for name in contract.features():
        tree = with_preprocessing(kind(min_samples_leaf=3, random_state=SEED), only=name)
        scores[name] = metrics.main_score(y_test, tree.fit(x_train, y_train).predict(x_test))
    return scores


def _slices(
    test: pd.DataFrame, y: Any, model: Any, baseline: Any, at_least: int = 20
) -> dict[str, Scores]:
    """Score each value of each category that has enough rows and a target that varies."""
    found = {}
    for name, column in contract.features().items():
        texts = test[name].map(str)
        values = [] if column.quantity else sorted(texts.unique())
        for rows, value in (((texts == value).to_numpy(), value) for value in values):
            if rows.sum() >= at_least and len(np.unique(y[rows])) > 1:
                found[f"{name} = {value}"] = {
                    "rows": float(rows.sum()),
                    "model": metrics.main_score(y[rows], model[rows]),
                    "baseline": metrics.main_score(y[rows], baseline[rows]),
                }
    return found


def _predict(predictor: Predictor, frame: pd.DataFrame) -> Any:
    labels = predictor.labels(predictor.scores(data.feature_values(frame)))
    return np.asarray([str(label) for label in labels] if predictor.classifies else labels)


def _load_champion() -> Predictor | None:
    """Load the champion to compare with; one that is refused cannot be compared."""
    try:
        return registry.load_champion()
    except ModelRefused as error:
        _log.warning("no comparison with a champion: %s", error)
        return None


def _tell(evaluation: Evaluation) -> None:
    """Say the metrics and the slices, beside those of the baseline and the champion."""
    former = evaluation.champion or {}
    for name, score in evaluation.model.items():
        parts = [f"baseline {evaluation.baseline[name]:.3f}"]
        parts += [f"champion {former[name]:.3f}"] if former else []
        _log.info("%s %.3f (%s)", name, score, ", ".join(parts))
    for where, part in evaluation.slices.items():
        _log.info("  %s: %.3f on %d rows", where, part["model"], part["rows"])
