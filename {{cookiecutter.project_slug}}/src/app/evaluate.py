"""Evaluate: judge the newest model on held-out examples, by slice, and by a gate that bites."""

import logging
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app import contract, data, metrics, registry
from app.errors import GateFailed, ModelRefused
from app.model import SEED, build_baseline, to_xy, with_preprocessing
from app.predict import Predictor

_log = logging.getLogger(__name__)

Scores = dict[str, float]


class Evaluation(NamedTuple):
    """What is known of a model before the gate decides: metrics by name, and more.

    `slices` holds rows, model and baseline (the main metric) by a text such as "island = Dream";
    `single_features` holds the main metric that each feature reaches alone;
    `folds` holds it for model and baseline on each fold of the cross-validation.
    """

    model: Scores
    baseline: Scores
    champion: Scores | None
    slices: dict[str, Scores]
    single_features: Scores
    folds: dict[str, list[float]]


class Limits(NamedTuple):
    """The thresholds of the gate, all in units of the main metric but `standard_errors`."""

    above_baseline: float = 0.02
    """On held-out rows, the model must exceed the baseline by this."""
    standard_errors: float = 2.0
    """Over the folds, it must exceed the baseline by so many errors of the difference."""
    below_champion: float = 0.01
    """It may be below the champion by at most this."""
    slice_below_baseline: float = 0.1
    """On a slice, it may be below the baseline by at most this."""
    leak: float = 0.99
    """A single feature that reaches this alone is suspected to know the target."""


def main() -> None:
    """Evaluate the newest version and store the result.

    Raises
    ------
    GateFailed
        With every reason; the champion stays.
    """
    version = registry.newest()
    model, parts = registry.load(version), data.split(data.read_examples())
    folds = registry.record_of(version)["cross_validation"]
    evaluation = evaluate(model, _load_champion(), parts, folds)
    reasons = gate(evaluation)
    registry.add_evaluation(version, evaluation._asdict(), reasons)
    _tell(evaluation)
    if reasons:
        raise GateFailed(f"{version} does not pass the gate:", *reasons)
    _log.info("%s passes the gate: `uv run poe promote` makes it champion", version)


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
    )


def gate(evaluation: Evaluation, limits: Limits | None = None) -> list[str]:
    """Collect every reason against a model; an empty list lets it pass."""
    limits = limits or Limits()
    rules = [_beats_baseline, _beats_chance, _keeps_up_with_champion]
    reasons = [rule(evaluation, limits) for rule in rules]
    reasons += [_slice_holds(where, part, limits) for where, part in evaluation.slices.items()]
    reasons += [
        _knows_no_target(name, alone, limits) for name, alone in evaluation.single_features.items()
    ]
    return [reason for reason in reasons if reason]


def _beats_baseline(evaluation: Evaluation, limits: Limits) -> str | None:
    name = metrics.main_name()
    score, base = evaluation.model[name], evaluation.baseline[name]
    if score >= base + limits.above_baseline:
        return None
    return (
        f"{name} {score:.3f} does not exceed the baseline's {base:.3f} by "
        f"{limits.above_baseline}: look for wrong labels or useless features."
    )


def _beats_chance(evaluation: Evaluation, limits: Limits) -> str | None:
    gain = np.subtract(evaluation.folds["model"], evaluation.folds["baseline"])
    chance = limits.standard_errors * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    if gain.mean() > chance:
        return None
    return (
        f"over the folds, {metrics.main_name()} is {gain.mean():.3f} above the baseline's, "
        f"not beyond chance ({chance:.3f}): look for wrong labels, or add data."
    )


def _keeps_up_with_champion(evaluation: Evaluation, limits: Limits) -> str | None:
    name = metrics.main_name()
    score, best = evaluation.model[name], (evaluation.champion or {}).get(name, -np.inf)
    if score >= best - limits.below_champion:
        return None
    return (
        f"{name} {score:.3f} is more than {limits.below_champion} below the champion's "
        f"{best:.3f}: keep the champion."
    )


def _slice_holds(where: str, part: Scores, limits: Limits) -> str | None:
    if part["model"] >= part["baseline"] - limits.slice_below_baseline:
        return None
    return (
        f"where {where}, {metrics.main_name()} {part['model']:.3f} is more than "
        f"{limits.slice_below_baseline} below the baseline's {part['baseline']:.3f}: "
        "look at these rows."
    )


def _knows_no_target(feature: str, alone: float, limits: Limits) -> str | None:
    if alone < limits.leak:
        return None
    return (
        f"feature {feature!r} alone reaches {metrics.main_name()} {alone:.3f}: does it know the "
        "target? Remove it from Record if it is not known when the prediction is asked for."
    )


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
        values = [] if column.numeric and column.kind != "boolean" else sorted(texts.unique())
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
