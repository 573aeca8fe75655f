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
    for name in ("model", "baseline", "champion", "slices"):
        _log.info("%s: %s", name, _rounded(getattr(evaluation, name)))
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


def gate(
    evaluation: Evaluation,
    *,
    above_baseline: float = 0.02,
    standard_errors: float = 2.0,
    below_champion: float = 0.01,
    slice_below_baseline: float = 0.1,
    leak: float = 0.99,
) -> list[str]:
    """Collect every reason against a model; an empty list lets it pass.

    Parameters
    ----------
    above_baseline
        The model's main metric must exceed the baseline's by this.
    standard_errors
        On the folds, it must exceed the baseline's by so many standard errors of the difference.
    below_champion
        It may be below the champion's by at most this.
    slice_below_baseline
        On a slice, it may be below the baseline's by at most this.
    leak
        A single feature that reaches this alone is suspected to know the target.
    """
    name = metrics.main_name()
    score, base = evaluation.model[name], evaluation.baseline[name]
    best = evaluation.champion[name] if evaluation.champion else -np.inf
    gain = np.subtract(evaluation.folds["model"], evaluation.folds["baseline"])
    chance = standard_errors * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    rules = [
        (
            score >= base + above_baseline,
            f"{name} {score:.3f} does not exceed the baseline's {base:.3f} by {above_baseline}: "
            "look for wrong labels or useless features.",
        ),
        (
            bool(gain.mean() > chance),
            f"over the folds, {name} is {gain.mean():.3f} above the baseline's, not beyond chance "
            f"({chance:.3f}): look for wrong labels, or add data.",
        ),
        (
            score >= best - below_champion,
            f"{name} {score:.3f} is more than {below_champion} below the champion's {best:.3f}: "
            "keep the champion.",
        ),
    ]
    rules += [
        (
            part["model"] >= part["baseline"] - slice_below_baseline,
            f"where {where}, {name} {part['model']:.3f} is more than {slice_below_baseline} below "
            f"the baseline's {part['baseline']:.3f}: look at these rows.",
        )
        for where, part in evaluation.slices.items()
    ]
    rules += [
        (
            alone < leak,
            f"feature {feature!r} alone reaches {name} {alone:.3f}: does it know the target? "
            "Remove it from Record if it is not known when the prediction is asked for.",
        )
        for feature, alone in evaluation.single_features.items()
    ]
    return [reason for holds, reason in rules if not holds]


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


def _rounded(scores: Any) -> Any:
    if isinstance(scores, dict):
        return {name: _rounded(score) for name, score in scores.items()}
    return scores and round(scores, 3)
