"""Compare two sets of examples: data, target and concept drift, each with an effect size.

`before` is the reference that a version keeps: all examples of its day, with its answers to them
and whether they were held out. `now` is a window of the API's predictions, or a run of batch: the
features, `prediction` and, where what proved true is compared, `label`.

Features and labels are compared with all examples, answers and errors with the held-out ones. A
finding alarms only if the difference is beyond chance *and* large: with many rows every difference
is beyond chance, with few many are large.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats  # type: ignore[import-untyped]

from app import schema
from app.contract import columns
from app.training import metrics

CHANCE = 0.01
"""How often one window may alarm although nothing changed, for all its comparisons together."""

PSI = 0.2
"""From here on, a population stability index is usually called a significant change."""

NEW = 0.05
"""From here on, so many more values than before are unlike any other."""

WORSE = 0.1
"""From here on, Cliff's delta of the losses is a worse model: for classes, 10 % more are wrong."""

_BINS = 10
_CATEGORIES = 20


class Finding(NamedTuple):
    """One comparison; `effect` is a PSI from 0, for a concept Cliff's delta from -1 to 1.

    For new values it is by how much their share grew, from -1 to 1. `before` and `now` are what a
    person reads: the mean of numbers, the share of the commonest category or of new values, or the
    main metric. `p_value` is that of all comparisons of the window together.
    """

    kind: str
    name: str
    rows: int
    before: float
    now: float
    effect: float
    limit: float
    p_value: float

    @property
    def alarm(self) -> bool:
        """Say whether the difference is beyond chance and large."""
        return self.p_value < CHANCE and self.effect > self.limit


def of_records(before: pd.DataFrame, now: pd.DataFrame) -> list[Finding]:
    """Compare each feature (data drift), and the answers with those to held-out examples.

    Answers to examples of training are too sure of themselves. Where time decides what is held
    out, they are taken all the same: the latest examples are not like all.
    """
    findings = [
        _compare("data", column, before[name], now[name])
        for name, column in columns.features().items()
    ]
    findings += [
        _compare_new(column, before[name], now[name])
        for name, column in columns.features().items()
        if not column.options
    ]
    answers = columns.target()._replace(name="predictions")
    like_new = before if schema.TIME else before[before["held_out"]]
    findings.append(_compare("target", answers, like_new["prediction"], now["prediction"]))
    return _together(findings)


def of_labels(before: pd.DataFrame, now: pd.DataFrame) -> list[Finding]:
    """Compare what proved true (target drift), and how good the answers were (concept drift)."""
    truth = columns.target()._replace(name="labels")
    held_out = before[before["held_out"]]
    then = _Answers(held_out[schema.TARGET], held_out["prediction"])
    findings = [
        _compare("target", truth, before[schema.TARGET], now["label"]),
        _compare_quality(then, _Answers(now["label"], now["prediction"])),
    ]
    return _together(findings)


class _Answers(NamedTuple):
    """What proved true, and what was answered."""

    truth: "pd.Series[Any]"
    answer: "pd.Series[Any]"

    def losses(self) -> npt.NDArray[np.float64]:
        """Give 1 for a wrong class and 0 for a right one, or the absolute error."""
        if columns.task() == "classification":
            return np.asarray(self.truth.map(str) != self.answer.map(str), dtype=float)
        return np.asarray((self.truth.astype(float) - self.answer.astype(float)).abs())

    def score(self) -> float:
        """Give the main metric."""
        kind = str if columns.task() == "classification" else float
        return metrics.main_score(self.truth.map(kind), self.answer.map(kind))


def _compare(kind: str, column: columns.Column, before: Any, now: Any) -> Finding:
    """Compare one column: two-sample Kolmogorov-Smirnov for numbers, chi² for categories."""
    if column.quantity:
        before, now = (pd.to_numeric(values).to_numpy(float) for values in (before, now))
        p_value = _p_of_numbers(before, now)
        bins = _bin_numbers(before, now)
        shown = [np.nan if np.isnan(v).all() else float(np.nanmean(v)) for v in (before, now)]
    else:
        before, now = (values.map(str).where(values.notna(), "missing") for values in (before, now))
        bins = _bin_categories(before, now)
        p_value = _p_of_categories(bins[:, bins.sum(axis=0) > 0])
        commonest = before.mode()[0]
        shown = [float((values == commonest).mean()) for values in (before, now)]
    return Finding(kind, column.name, len(now), shown[0], shown[1], _psi(bins), PSI, p_value)


def _compare_new(column: columns.Column, before: Any, now: Any) -> Finding:
    """Compare the shares of values unlike any other: new texts, and numbers beyond the range.

    Of `before`, those count that are so beside all others of it: texts that occur once, and the
    ends of the range, which leave out a thousandth on each side. Fisher's exact test.
    """
    before, now = before.dropna(), now.dropna()
    if column.quantity:
        ordered, ends = np.sort(before.to_numpy(float)), max(1, len(before) // 1000)
        low, high = ordered[[ends - 1, -ends]] if len(ordered) else (np.nan, np.nan)
        alone, new = min(2 * ends, len(before)), ~now.astype(float).between(low, high)
    else:
        times = before.value_counts()
        alone, new = int((times == 1).sum()), ~now.isin(times.index)
    counts = [[alone, len(before) - alone], [int(new.sum()), int((~new).sum())]]
    shares = [part[0] / max(sum(part), 1) for part in counts]
    p_value, growth = float(stats.fisher_exact(counts).pvalue), shares[1] - shares[0]
    name = f"{column.name}: new values"
    return Finding("data", name, len(now), shares[0], shares[1], growth, NEW, p_value)


def _compare_quality(before: _Answers, now: _Answers) -> Finding:
    """Compare losses by a one-sided Mann-Whitney test; Cliff's delta is 2 U / (n m) - 1.

    For classes Cliff's delta is how much larger the share of wrong answers is.
    """
    losses, held_out = now.losses(), before.losses()
    test = stats.mannwhitneyu(losses, held_out, alternative="greater", method="asymptotic")
    delta = 2 * float(test.statistic) / (len(losses) * len(held_out)) - 1
    p_value = 1.0 if np.ptp([*losses, *held_out]) == 0 else float(test.pvalue)
    name, scores = metrics.main_name(), (before.score(), now.score())
    return Finding("concept", name, len(losses), *scores, delta, WORSE, p_value)


def _together(findings: list[Finding]) -> list[Finding]:
    """Correct the p-values for the number of comparisons (Bonferroni)."""
    return [f._replace(p_value=min(1.0, f.p_value * len(findings))) for f in findings]


def _p_of_categories(counts: Any) -> float:
    """Give the p-value of χ²; by drawing tables where few rows are expected somewhere."""
    few = stats.contingency.expected_freq(counts).min() < 5
    drawn = stats.MonteCarloMethod(n_resamples=9999, rng=np.random.default_rng(0)) if few else None
    return float(stats.chi2_contingency(counts, correction=not few, method=drawn).pvalue)


def _p_of_numbers(before: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> float:
    """Give the p-value of the present values or of the gaps, whichever differ more."""
    gaps = [[np.isnan(values).sum(), (~np.isnan(values)).sum()] for values in (before, now)]
    p_values = [float(stats.fisher_exact(gaps).pvalue)]
    present = [values[~np.isnan(values)] for values in (before, now)]
    if all(map(len, present)):
        p_values.append(float(stats.ks_2samp(*present, method="asymp").pvalue))
    return min(1.0, len(p_values) * min(p_values))


def _bin_numbers(before: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> Any:
    """Count values of both between the deciles of `before`, and those that are missing.

    A value that is several deciles, as 0 in a column full of zeros, is a bin of its own.
    """
    present = before[~np.isnan(before)]
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    deciles = np.quantile(present, inner) if len(present) else before[:0]
    repeated = deciles[1:][np.diff(deciles) == 0]
    edges = np.unique([*deciles, *np.nextafter(repeated, np.inf)])
    missing = len(edges) + 1
    places = [
        np.where(np.isnan(values), missing, np.searchsorted(edges, values, side="right"))
        for values in (before, now)
    ]
    return np.array([np.bincount(place, minlength=missing + 1) for place in places])


def _bin_categories(before: "pd.Series[str]", now: "pd.Series[str]") -> Any:
    """Count the categories that are commonest in both together, and all others as one.

    Those commonest in one alone would be rarer in the other by chance.
    """
    names = pd.concat([before, now]).value_counts().index[:_CATEGORIES]
    named = [values.where(values.isin(names), "other") for values in (before, now)]
    counts = [values.value_counts().reindex([*names, "other"]).fillna(0) for values in named]
    return np.array(counts)


def _psi(bins: Any) -> float:
    """Give the population stability index of two rows of counts.

    The sum over bins of (q - p) ln(q / p), with half a row added to each bin so that an empty one
    counts as rare; Siddiqi, "Credit Risk Scorecards" (2006).
    """
    used = bins[:, bins.sum(axis=0) > 0] + 0.5
    p, q = used / used.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))
