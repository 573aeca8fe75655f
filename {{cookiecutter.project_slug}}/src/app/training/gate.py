"""The gate: what a model must keep to become champion, and its promotion."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from app.errors import GateFailed
from app.registry import records, versions

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
    version = version or versions.newest()
    reasons = judge(versions.evaluation_of(version))
    versions.add_verdict(version, reasons)
    if reasons:
        raise GateFailed(f"{version} does not pass the gate:", *reasons)
    _log.info("%s passes the gate: `uv run poe promote` makes it champion", version)


def judge(evaluation: records.Evaluation, limits: Limits | None = None) -> list[str]:
    """Collect every reason against a model; an empty list lets it pass."""
    limits = limits or Limits()
    rules = [*_of_the_whole(evaluation, limits), *_of_parts(evaluation, limits)]
    return [reason for holds, reason in rules if not holds]


def _of_the_whole(evaluation: records.Evaluation, limits: Limits) -> Iterator[tuple[bool, str]]:
    """Give what must hold of the model, each with the reason if not; nothing holds for NaN."""
    metric, score, baseline = evaluation.metric, evaluation.score, evaluation.baseline_score
    yield (
        score >= baseline + limits.above_baseline,
        f"{metric} {score:.3f} does not exceed the baseline's {baseline:.3f} by "
        f"{limits.above_baseline}: look for wrong labels or useless features.",
    )
    gain = np.subtract(evaluation.folds.model, evaluation.folds.baseline)
    chance = limits.standard_errors * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    yield (
        bool(gain.mean() > chance),
        f"over the folds, {metric} is {gain.mean():.3f} above the baseline's, "
        f"not beyond chance ({chance:.3f}): look for wrong labels, or add data.",
    )
    champion = (evaluation.champion or {}).get(metric, -np.inf)
    yield (
        score >= champion - limits.below_champion,
        f"{metric} {score:.3f} is more than {limits.below_champion} below the champion's "
        f"{champion:.3f}: keep the champion.",
    )


def _of_parts(evaluation: records.Evaluation, limits: Limits) -> Iterator[tuple[bool, str]]:
    """Give what must hold of each slice and of each feature alone."""
    metric, below = evaluation.metric, limits.slice_below_baseline
    for where, part in evaluation.slices.items():
        yield (
            part.model >= part.baseline - below,
            f"where {where}, {metric} {part.model:.3f} is more than {below} below the baseline's "
            f"{part.baseline:.3f}: look at these rows.",
        )
    for name, alone in evaluation.single_features.items():
        yield (
            alone < limits.leak,
            f"feature {name!r} alone reaches {metric} {alone:.3f}: does it know the target? "
            "Remove it from Record if it is not known when the prediction is asked for.",
        )


def promote(version: str = "") -> None:
    """Make a version, by default the newest, the champion, if its evaluation passed the gate.

    Raises
    ------
    GateFailed
        It was not evaluated, was compared with a former champion, or was refused.
        The champion stays.
    Conflict
        Somebody else promoted at the same moment.
    """
    version, current = version or versions.newest(), versions.champion()
    evaluation = versions.evaluation_of(version)
    versions.require_passed(version, evaluation)
    versions.load(version)
    if version == current.version:
        _log.info("%s is the champion already", version)
        return
    if evaluation.against != current.version:
        then, now = evaluation.against or "no champion", current.version or "nobody"
        raise GateFailed(
            f"{version} was compared with {then}, but the champion is {now}: evaluate it again."
        )
    versions.appoint(version, evaluation, current)
    _log.info("%s is the champion now (before: %s)", version, current.version or "none")
