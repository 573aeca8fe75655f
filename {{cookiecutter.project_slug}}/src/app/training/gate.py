"""The gate: what a model must keep to become champion, and its promotion."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from app.errors import GateFailed
from app.registry import records, versions

_log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """The thresholds of the gate, in units of the main metric where nothing else is said."""

    above_baseline: float = 0.02
    """On held-out rows, the model must exceed the better baseline by this."""
    standard_errors: float = 2.0
    """Over the folds, it must exceed the baseline by so many errors of the difference."""
    class_rows: int = 5
    """A class with so many held-out rows must be recognised at least once."""
    slice_below_baseline: float = 0.1
    """On a slice, it may be below the baseline by at most this."""
    perfect: float = 0.99
    """The model, or a single feature, that reaches this is suspected to know the target."""
    gaps_above_baseline: float = 0.25
    """If the gaps alone exceed the baseline by this, they are suspected to tell the target."""
    twins: float = 0.3
    """Above this share of held-out rows with near-duplicates in training, they are suspected."""


Rules = Iterator[tuple[bool, str]]
"""What must hold, each with the reason if it does not; nothing holds for NaN."""


def main(version: str = "", accept: str = "") -> None:
    """Judge a version that was evaluated, by default the newest, and store the reasons.

    `accept` is why a person lets it pass though something is suspicious, or it could not be
    compared with the champion; the evaluation keeps it.

    Raises
    ------
    GateFailed
        With every reason; the champion stays.
    """
    version = version or versions.newest()
    reasons = judge(versions.evaluation_of(version).model_copy(update={"accepted": accept}))
    versions.add_verdict(version, reasons, accept)
    if reasons:
        raise GateFailed(f"{version} does not pass the gate:", *reasons)
    _log.info("%s passes the gate: `uv run poe promote` makes it champion", version)


def judge(evaluation: records.Evaluation, limits: Limits | None = None) -> list[str]:
    """Collect every reason against a model; an empty list lets it pass."""
    limits = limits or Limits()
    faults = [*_of_the_whole(evaluation, limits), *_of_parts(evaluation, limits)]
    reasons = [reason for holds, reason in faults if not holds]
    suspicions = [] if evaluation.accepted else _suspicions(evaluation, limits)
    ways = 'If that is right, say why: `uv run poe gate --accept="..."`.'
    return reasons + [f"{reason} {ways}" for holds, reason in suspicions if not holds]


def _of_the_whole(evaluation: records.Evaluation, limits: Limits) -> Rules:
    metric, score, baseline = evaluation.metric, evaluation.score, evaluation.baseline_score
    yield (
        score >= baseline + limits.above_baseline,
        f"{metric} {score:.3f} does not exceed that of {evaluation.baseline_name}, {baseline:.3f}, "
        f"by {limits.above_baseline}: look for wrong labels or useless features.",
    )
    yield (
        score > 0,
        f"{metric} {score:.3f} is not above 0, that of the mean of the held-out rows themselves.",
    )
    gain = np.subtract(evaluation.folds.model, evaluation.folds.baseline)
    chance = limits.standard_errors * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    yield (
        bool(gain.mean() > chance),
        f"over the folds, {metric} is {gain.mean():.3f} above the baseline's, not beyond chance "
        f"({chance:.3f}): look for wrong labels, or add data.{_rarest(evaluation)}",
    )
    if beside := evaluation.champion:
        ours, theirs = beside.model[metric], beside.champion[metric]
        yield (
            ours >= theirs,
            f"on {beside.rows} rows that neither learnt from, {metric} {ours:.3f} is below the "
            f"champion's {theirs:.3f}: keep the champion.",
        )


def _of_parts(evaluation: records.Evaluation, limits: Limits) -> Rules:
    metric, below = evaluation.metric, limits.slice_below_baseline
    for where, part in evaluation.slices.items():
        yield (
            part.model >= part.baseline - below,
            f"where {where}, {metric} {part.model:.3f} is more than {below} below the baseline's "
            f"{part.baseline:.3f}: look at these rows.",
        )
    for name, rows in evaluation.recalls.items():
        yield (
            rows.recall > 0 or rows.rows < limits.class_rows,
            f"none of the {rows.rows} held-out rows of class {name!r} is recognised: add rows of "
            "this class, or join it with another.",
        )


def _suspicions(evaluation: records.Evaluation, limits: Limits) -> Rules:
    """Give what is probably wrong though the scores are good; a person may know better."""
    metric, perfect = evaluation.metric, limits.perfect
    for name, alone in evaluation.single_features.items():
        yield (
            alone < perfect,
            f"feature {name!r} alone reaches {metric} {alone:.3f}: does it know the target? "
            "Remove it from Record if it is not known when the prediction is asked for.",
        )
    yield (
        evaluation.score < perfect,
        f"{metric} {evaluation.score:.3f} is too good to be true: do some columns together give "
        "the target away?",
    )
    yield (
        evaluation.gaps < evaluation.baseline_score + limits.gaps_above_baseline,
        f"where values are missing tells the target: {metric} {evaluation.gaps:.3f} by the gaps "
        "alone. Are they left empty because of the outcome?",
    )
    yield (
        evaluation.twins <= limits.twins,
        f"{evaluation.twins:.0%} of the held-out rows have near-duplicates in training: if they "
        "are of one individual, name its column in GROUP.",
    )
    yield (
        not evaluation.not_compared,
        f"it could not be compared with the champion: {evaluation.not_compared}",
    )


def _rarest(evaluation: records.Evaluation) -> str:
    """Name the rarest class, if so few of its rows are learnt from that each moves the score."""
    counts = {name: part.learnt for name, part in evaluation.recalls.items()}
    name = min(counts, key=lambda name: counts[name], default="")
    few = name and counts[name] < 50
    return f" Class {name!r} has only {counts[name]} rows to learn from." if few else ""


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
