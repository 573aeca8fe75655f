"""The model: one scikit-learn pipeline, preprocessing included, and its export to ONNX."""

from typing import Any

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from app import schema
from app.contract import columns, model_inputs
from app.errors import AppError
from app.training.onnx_inputs import join_numbers

SEED = 20260202

SEARCH: dict[str, list[Any]] = {
    "n_estimators": [50, 100],
    "min_samples_leaf": [1, 3, 10],
    "max_depth": [None, 6],
}
"""Values of `build_model`'s parameters that `uv run poe tune` tries, each with each."""


def build_model(
    *, n_estimators: int = 100, min_samples_leaf: int = 3, max_depth: int | None = None
) -> Pipeline:
    """Build an unfitted forest, for the task of the columns.

    Trees need no scaling of numbers; one process, because a served model shares its machine.
    """
    settings: dict[str, Any] = {"n_estimators": n_estimators, "min_samples_leaf": min_samples_leaf}
    settings |= {"max_depth": max_depth, "random_state": SEED, "n_jobs": 1}
    if columns.task() == "classification":
        # scikit-learn 1.9 takes classes named "1" or "-1" for numbers, if weights are "balanced"
        names = "".join(map(str, columns.target().options))
        plain = names and not any(map(str.isdigit, names))
        weights = "balanced" if plain else "balanced_subsample"
        return with_preprocessing(RandomForestClassifier(class_weight=weights, **settings))
    return with_preprocessing(RandomForestRegressor(**settings))


def build_baseline() -> Pipeline:
    """Build what every model must beat: the commonest class, or the mean."""
    if columns.task() == "classification":
        return with_preprocessing(DummyClassifier(strategy="prior"))
    return with_preprocessing(DummyRegressor(strategy="mean"))


def with_preprocessing(estimator: BaseEstimator, only: str | None = None) -> Pipeline:
    """Put an estimator behind the preprocessing of all features, or of one and its gaps."""
    used = {name: column for name, column in columns.features().items() if only in (None, name)}
    numbers = [name for name, column in used.items() if column.numeric]
    categories = [name for name, column in used.items() if not column.numeric]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    imputer = SimpleImputer(
        strategy="median", keep_empty_features=True, add_indicator=only is not None
    )
    prepare = ColumnTransformer(
        [("numbers", imputer, numbers), ("categories", encoder, categories)], remainder="drop"
    )
    return Pipeline([("prepare", prepare), ("estimate", estimator)])


def to_x(values: model_inputs.Values) -> pd.DataFrame:
    """Turn columns of typed values, or a frame, into X of shape (n_samples, n_features)."""
    return pd.DataFrame(model_inputs.to_arrays(values))


def to_xy(frame: pd.DataFrame) -> tuple[pd.DataFrame, "pd.Series[Any]"]:
    """Split a frame into X of shape (n_samples, n_features) and y of shape (n_samples,).

    Classes are texts in y, so that any kind of target is classified in the same way.
    """
    truth = frame[schema.TARGET]
    y = truth.map(str) if columns.task() == "classification" else truth.astype(float)
    return to_x(frame), y


def export_onnx(model: Pipeline) -> bytes:
    """Export a fitted pipeline to ONNX, with the inputs that `model_inputs.to_inputs` gives.

    Raises
    ------
    AppError
        A part of the pipeline has no ONNX form, or a classifier gives no probabilities.
    """
    if columns.task() == "classification" and not hasattr(model, "predict_proba"):
        raise AppError(
            f"{type(model[-1]).__name__} gives no probabilities: wrap it in "
            "CalibratedClassifierCV, or choose a classifier that has predict_proba."
        )
    types = [
        (name, FloatTensorType([None, 1]) if column.numeric else StringTensorType([None, 1]))
        for name, column in columns.features().items()
    ]
    options = {"zipmap": False} if columns.task() == "classification" else None
    try:
        exported = to_onnx(model, initial_types=types, options=options, name="model")
    except Exception as error:  # the converters raise whatever Python has
        raise AppError(
            f"this model cannot be exported to ONNX: {error!r:.200}. "
            "Put it behind with_preprocessing, and use estimators that skl2onnx supports."
        ) from error
    # skl2onnx lists them in the order of a set, which differs from one process to the next
    exported.opset_import.sort(key=lambda operators: operators.domain)
    return join_numbers(exported.SerializeToString())
