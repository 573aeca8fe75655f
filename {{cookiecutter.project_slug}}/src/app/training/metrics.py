"""The metrics of the two tasks; the first of each is the main one, higher is better."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

from app.contract import columns


def main_name() -> str:
    """Name the metric that the gate compares; 1 is perfect."""
    return "balanced_accuracy" if columns.task() == "classification" else "r2"


def main_score(expected: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Compute the main metric: 1 is perfect, a baseline has 1 / n_classes or about 0."""
    if columns.task() == "classification":
        truth, guess = np.asarray(expected, str), np.asarray(predicted, str)
        return float(np.mean([np.mean(guess[truth == name] == name) for name in np.unique(truth)]))
    return float(sk.r2_score(expected, predicted))


def all_scores(expected: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, float]:
    """Compute every metric by name, the main one first."""
    others: list[Any] = [sk.mean_absolute_error, sk.root_mean_squared_error]
    if columns.task() == "classification":
        others = [sk.accuracy_score, f1_macro]
    named = {main_name(): main_score} | {score.__name__: score for score in others}
    return {
        name.removesuffix("_score"): float(of(expected, predicted)) for name, of in named.items()
    }


def f1_macro(expected: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Compute the mean F1 over the classes."""
    return float(sk.f1_score(expected, predicted, average="macro", zero_division=0))
