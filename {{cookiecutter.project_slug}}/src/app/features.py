"""Columns to model inputs: the one place, so that training and serving cannot differ."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from app import contract

Inputs = dict[str, npt.NDArray[Any]]


def to_inputs(values: Mapping[str, Sequence[Any]]) -> Inputs:
    """Turn each feature column into an array that both scikit-learn and ONNX Runtime take.

    Numbers become float32, the precision of ONNX, with NaN for a missing value;
    everything else becomes text, with "" for a missing value.

    Parameters
    ----------
    values
        Typed values by feature name, each of length n_samples.

    Returns
    -------
    Inputs
        Arrays of shape (n_samples, 1) by feature name.
    """
    return {
        name: (_numbers(values[name]) if column.numeric else _texts(values[name]))
        for name, column in contract.features().items()
    }


def _numbers(values: Sequence[Any]) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32).reshape(-1, 1)  # None becomes NaN


def _texts(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    filled = ["" if _missing(value) else str(value) for value in values]
    return np.asarray(filled, dtype=object).reshape(-1, 1)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
