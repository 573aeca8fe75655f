"""Columns to model inputs: the one place, so that training and serving cannot differ.

Numbers become float32, the precision of ONNX, with NaN for a missing value; everything else becomes
text, with "" for a missing value.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.contract import columns

NUMBERS = "_numbers"
"""The model's input that holds all numbers; no feature is called so, because of its underscore."""

Arrays = dict[str, npt.NDArray[Any]]


class Values(Protocol):
    """Typed values by feature name, each of length n_samples: lists in a dict, or a frame."""

    def __getitem__(self, name: str, /) -> Any:
        """Give the values of a feature."""


def to_inputs(values: Values) -> Arrays:
    """Turn typed values into what ONNX Runtime takes.

    Returns
    -------
    Arrays
        `NUMBERS` of shape (n_samples, n_numbers), if there are any, in the order of the contract;
        and an array of shape (n_samples, 1) for each other feature, by its name.
    """
    numbers, texts = _names()
    inputs: Arrays = {name: _to_texts(values[name]).reshape(-1, 1) for name in texts}
    if numbers:
        inputs[NUMBERS] = _to_numbers([values[name] for name in numbers]).T
    return inputs


def to_arrays(values: Values) -> Arrays:
    """Turn typed values into what scikit-learn takes: shape (n_samples,), by feature name."""
    return {
        name: (_to_numbers if column.numeric else _to_texts)(values[name])
        for name, column in columns.features().items()
    }


@cache
def _names() -> tuple[list[str], list[str]]:
    """Name the features that are numbers, and the others."""
    features = columns.features().values()
    numbers = [column.name for column in features if column.numeric]
    return numbers, [column.name for column in features if not column.numeric]


def _to_numbers(values: Sequence[Any]) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)  # None becomes NaN


def _to_texts(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    # pylint: disable-next=comparison-with-itself # a frame has NaN, which does not equal itself
    texts = ["" if value is None or value != value else str(value) for value in values]
    return np.asarray(texts, dtype=object)
