"""Columns to model inputs: the one place, so that training and serving cannot differ."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.contract import columns

Inputs = dict[str, npt.NDArray[Any]]


class Values(Protocol):
    """Typed values by feature name, each of length n_samples: lists in a dict, or a frame."""

    def __getitem__(self, name: str, /) -> Any:
        """Give the values of a feature."""


def to_inputs(values: Values) -> Inputs:
    """Turn each feature column into an array that both scikit-learn and ONNX Runtime take.

    Numbers become float32, the precision of ONNX, with NaN for a missing value;
    everything else becomes text, with "" for a missing value.

    Parameters
    ----------
    values
        Typed values by feature name.

    Returns
    -------
    Inputs
        Arrays of shape (n_samples, 1) by feature name.
    """
    return {name: to_array(values[name]) for name, to_array in _converters().items()}


@cache
def _converters() -> dict[str, Callable[[Sequence[Any]], npt.NDArray[Any]]]:
    features = columns.features().items()
    return {name: _to_numbers if column.numeric else _to_texts for name, column in features}


def _to_numbers(values: Sequence[Any]) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32).reshape(-1, 1)  # None becomes NaN


def _to_texts(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    texts = ["" if _is_missing(value) else str(value) for value in values]
    return np.asarray(texts, dtype=object).reshape(-1, 1)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
