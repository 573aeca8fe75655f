"""The gate: what a model must keep to become champion; every reason against it is told."""

import logging
from typing import NamedTuple

import numpy as np

from app import metrics, registry
from app.errors import GateFailed
from app.evaluate import Evaluation, Scores

_log = logging.getLogger(__name__)


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


def main(version: str = "") -> None:
    """Judge a version that was evaluated, by default the newest, and store the reasons.

    Raises
    ------
    GateFailed
        With every reason; the champion stays.
    """
    version = version or registry.newest()
    stored = registry.evaluation_of(version)
    reasons = judge(Evaluation(*(stored[name] for name in Evaluation._fields)))
    registry.add_verdict(version, reasons)
    if reasons:
        raise GateFailed(f"{version} does not pass the gate:", *reasons)
    _log.info("%s passes the gate: `uv run poe promote` makes it champion", version)


def judge(evaluation: Evaluation, limits: Limits | None = None) -> list[str]:
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
