"""Evaluate: judge the newest model on held-out examples, by slice, and by a gate that bites."""

import logging
import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app import contract, data, metrics, registry, schema
from app.errors import GateFailed, ModelRefused
from app.model import SEED, build_baseline, to_xy, with_preprocessing
from app.predict import Predictor

_log = logging.getLogger(__name__)

Scores = dict[str, float]


class Slice(NamedTuple):
    """The main metric on the held-out rows where a feature has one value."""

    feature: str
    value: str
    rows: int
    model: float
    baseline: float


class Evaluation(NamedTuple):
    """What is known of a model before the gate decides."""

    model: Scores
    baseline: Scores
    champion: Scores | None
    slices: list[Slice]
    single_features: Scores


def main() -> None:
    """Evaluate the newest version and store the result.

    Raises
    ------
    GateFailed
        With every reason; the champion stays.
    """
    version = registry.newest()
    predictor = registry.load(version)
    evaluation = evaluate(predictor, _load_champion(version), data.split(data.read_examples()))
    reasons = gate(evaluation)
    _store(version, evaluation, reasons)
    _report(evaluation)
    if reasons:
        raise GateFailed(f"{version} does not pass the gate:", *reasons)
    _log.info("%s passes the gate: `uv run poe promote` makes it champion", version)


def evaluate(model: Predictor, champion: Predictor | None, parts: data.Split) -> Evaluation:
    """Score a model, the baseline and the champion on the same held-out examples."""
    x, y = to_xy(parts.test)
    baseline = build_baseline().fit(*to_xy(parts.train)).predict(x)
    predicted = _predict(model, parts.test)
    return Evaluation(
        model=metrics.all_scores(y, predicted),
        baseline=metrics.all_scores(y, baseline),
        champion=metrics.all_scores(y, _predict(champion, parts.test)) if champion else None,
        slices=_slices(parts.test, y.to_numpy(), predicted, baseline),
        single_features=single_feature_scores(parts),
    )


def gate(
    evaluation: Evaluation,
    *,
    above_baseline: float = 0.02,
    below_champion: float = 0.01,
    slice_below_baseline: float = 0.1,
    leak: float = 0.99,
) -> list[str]:
    """Collect every reason against a model; an empty list lets it pass.

    Parameters
    ----------
    above_baseline
        The model's main metric must exceed the baseline's by this.
    below_champion
        It may be below the champion's by at most this.
    slice_below_baseline
        On a slice, it may be below the baseline's by at most this.
    leak
        A single feature that scores this alone is suspected to know the target.
    """
    name = metrics.main_name()
    score, base = evaluation.model[name], evaluation.baseline[name]
    reasons = []
    if not score >= base + above_baseline:
        reasons.append(
            f"{name} {score:.3f} does not exceed the baseline's {base:.3f} by {above_baseline}: "
            "look for wrong labels or useless features."
        )
    if evaluation.champion and not score >= evaluation.champion[name] - below_champion:
        reasons.append(
            f"{name} {score:.3f} is below the champion's {evaluation.champion[name]:.3f} "
            f"by more than {below_champion}: keep the champion."
        )
    for part in evaluation.slices:
        if not part.model >= part.baseline - slice_below_baseline:
            reasons.append(
                f"where {part.feature} is {part.value} ({part.rows} rows), {name} {part.model:.3f} "
                f"is below the baseline's {part.baseline:.3f} by more than {slice_below_baseline}."
            )
    for feature, alone in evaluation.single_features.items():
        if alone >= leak:
            reasons.append(
                f"feature {feature!r} alone reaches {name} {alone:.3f}: does it know the target? "
                "Remove it from Record if it is not known at the time of prediction."
            )
    return reasons


def single_feature_scores(parts: data.Split) -> Scores:
    """Score a small tree on each feature alone: a perfect one gives the target away."""
    (x_train, y_train), (x_test, y_test) = to_xy(parts.train), to_xy(parts.test)
    kind = DecisionTreeClassifier if contract.task() == "classification" else DecisionTreeRegressor
    scores = {}
    for name in contract.features():
        tree = with_preprocessing(kind(min_samples_leaf=3, random_state=SEED), only=name)
        predicted = tree.fit(x_train, y_train).predict(x_test)
        scores[name] = metrics.main_score(y_test, predicted)
    return scores


def _slices(
    test: pd.DataFrame, y: "np.ndarray[Any, Any]", model: Any, baseline: Any, at_least: int = 20
) -> list[Slice]:
    """Score each value of each category that has enough rows and a target that varies."""
    found = []
    for name, column in contract.features().items():
        if column.numeric and column.kind != "boolean":
            continue
        texts = test[name].map(str)
        for value in sorted(texts.unique()):
            rows = (texts == value).to_numpy()
            if rows.sum() >= at_least and len(np.unique(y[rows])) > 1:
                scores = [metrics.main_score(y[rows], guess[rows]) for guess in (model, baseline)]
                found.append(Slice(name, value, int(rows.sum()), *scores))
    return found


def _predict(predictor: Predictor, frame: pd.DataFrame) -> "np.ndarray[Any, Any]":
    scores = predictor.scores(data.feature_values(frame))
    labels = predictor.labels(scores)
    return np.asarray([str(label) for label in labels] if predictor.classifies else labels)


def _load_champion(version: str) -> Predictor | None:
    """Load the champion to compare with; one that is refused cannot be compared."""
    current = registry.champion().version
    if current in (None, version):
        return None
    try:
        return registry.load(str(current))
    except ModelRefused as error:
        _log.warning("no comparison with the champion: %s", error)
        return None


def _store(version: str, evaluation: Evaluation, reasons: list[str]) -> None:
    content = evaluation._asdict() | {"slices": [part._asdict() for part in evaluation.slices]}
    registry.add_evaluation(
        version,
        content
        | {
            "reasons": reasons,
            "sha256": registry.record_of(version)["sha256"],
            "evaluated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def _report(evaluation: Evaluation) -> None:
    for name, score in evaluation.model.items():
        champion = evaluation.champion[name] if evaluation.champion else math.nan
        _log.info("%s %.3f (baseline %.3f, champion %.3f)", name, score, evaluation.baseline[name], champion)
    for part in evaluation.slices:
        _log.info("  %s = %s: %.3f on %d rows", part.feature, part.value, part.model, part.rows)
