"""Train: cross-validate beside a baseline, fit, export to ONNX, prove parity, register."""

import hashlib
import importlib.metadata
import logging
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from app import schema
from app.contract import columns
from app.data import split
from app.errors import AppError, ConfigError, Conflict, InvalidData, ModelRefused
from app.registry import predictor, records, reference, versions
from app.training import metrics, suspicions
from app.training.model import SEED, build_model, export_onnx, to_x, to_xy

FOLDS = 5
PARITY = 1e-4
"""Largest difference allowed between ONNX and scikit-learn; relative for a regression."""

_log = logging.getLogger(__name__)


def main(tuning: str = "", fingerprint: str = "") -> dict[str, str]:
    """Train on the examples in the table, and register the model as a new version.

    `tuning` names a search whose choice is used; `fingerprint` is what the data must have.
    Gives the `version`.

    Raises
    ------
    Conflict
        The table holds other data: somebody replaced it meanwhile.
    ConfigError
        The search chose what the model does not know.
    """
    examples = split.read_examples()
    present = split.fingerprint(examples)
    if fingerprint not in ("", present):
        raise Conflict(f"the table holds data {present}, not {fingerprint}: run this again.")
    chosen = versions.tuning_of(tuning)["chosen"] if tuning else {}
    if unknown := set(chosen) - set(build_model.__kwdefaults__ or {}):
        names = ", ".join(sorted(unknown))
        raise ConfigError(
            f"the search {tuning} chose {names}, which build_model does not know: tune again."
        )
    return {"version": train(examples, tuning, **chosen)}


def train(examples: pd.DataFrame, tuning: str = "", **hyperparameters: Any) -> str:
    """Train a model and register it.

    `examples` are all examples, of which only the training part is used to fit;
    `hyperparameters` are keyword arguments of `build_model`, `tuning` the search that chose them.
    Returns the new version, which is not yet champion.

    Raises
    ------
    AppError
        The model cannot be exported, or ONNX does not answer as scikit-learn does.
    """
    parts = split.hold_out(examples)
    _require_learnable(parts.train)
    with _in_words():
        folds = cross_validate(parts.train, **hyperparameters)
        model = build_model(**hyperparameters).fit(*to_xy(parts.train))
    content = export_onnx(model)
    used = {**(build_model.__kwdefaults__ or {}), **hyperparameters}
    choices = {"cross_validation": folds, "hyperparameters": used, "tuning": tuning or None}
    record = _describe(content, model, _describe_data(examples, parts.train), choices)
    with _in_words():
        exported = predictor.Predictor(content, record)
    record = record.model_copy(update={"parity": check_parity(model, exported, parts.test)})
    version = versions.register(content, record, reference.make(parts, exported))
    _log.info("registered %s: %.2f MB of ONNX", version, len(content) / 1e6)
    return version


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in a sentence what the code in `model.py` raises, whatever it is."""
    try:
        yield
    except ModelRefused as error:
        raise AppError(
            f"this model cannot be served: {str(error.__cause__).splitlines()[0]}. Choose other "
            "steps in build_model; texts need lowercase=False where a system has no locale."
        ) from error
    except Exception as error:
        raise AppError(
            f"build_model, fit or predict: {type(error).__name__}: {str(error).splitlines()[0]}. "
            "Mend src/app/training/model.py; with_preprocessing fills gaps and encodes texts."
        ) from error


def _describe(
    content: bytes, model: Pipeline, data: records.Data, choices: dict[str, Any]
) -> records.VersionRecord:
    """Say where a model comes from: contract, data, choices, code and libraries."""
    return records.VersionRecord(
        format=records.FORMAT,
        version="not yet registered",
        task=columns.task(),
        target=schema.TARGET,
        classes=_classes(model),
        contract=columns.fingerprint(),
        sha256=hashlib.sha256(content).hexdigest(),
        data=data,
        seed=SEED,
        git_commit=git_commit(),
        libraries=_libraries(),
        **choices,
    )


def cross_validate(examples: pd.DataFrame, **hyperparameters: Any) -> records.Folds:
    """Score the model and the baseline on the folds of the training part."""
    scores: dict[str, list[float]] = {"model": [], "baseline": []}
    for places in tqdm(fold_rows(examples), desc="cross-validation", unit="fold"):
        fit, judge = (examples.iloc[rows] for rows in places)
        x, y = to_xy(judge)
        answers = build_model(**hyperparameters).fit(*to_xy(fit)).predict(x)
        scores["model"].append(metrics.main_score(y, answers))
        scores["baseline"].append(metrics.main_score(y, suspicions.baseline(fit, judge)[1]))
    for name, values in scores.items():
        mean, deviation = np.mean(values), np.std(values)
        _log.info("%s of the %s: %.3f ± %.3f", metrics.main_name(), name, mean, deviation)
    return records.Folds(**scores)


def check_parity(model: Pipeline, exported: predictor.Predictor, held_out: pd.DataFrame) -> float:
    """Compare ONNX with scikit-learn on held-out rows, and on one with all gaps that may be."""
    values = {
        name: [*held_out[name], None if column.nullable else held_out[name].iloc[0]]
        for name, column in columns.features().items()
    }
    x = to_x(values)
    with _in_words():
        expected = model.predict_proba(x) if exported.classifies else model.predict(x)
    try:
        actual = exported.scores(values)
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise AppError(
            f"ONNX Runtime cannot run this model on held-out rows: {str(error).splitlines()[0]}. "
            "Choose other steps in build_model, see docs/EXPERIMENTATION.md."
        ) from error
    scale = 1.0 if exported.classifies else max(1.0, float(np.abs(expected).max()))
    difference = float(np.abs(expected.reshape(actual.shape) - actual).max() / scale)
    if difference > PARITY:
        raise AppError(
            f"ONNX differs from scikit-learn by {difference:.2g}, more than {PARITY}: "
            "leave out scalers before trees, and see docs/EXPERIMENTATION.md."
        )
    _log.info("ONNX answers as scikit-learn does: largest difference %.1e", difference)
    return difference


def _require_learnable(train: pd.DataFrame) -> None:
    """Refuse examples that no model can learn from; `InvalidData` says what they lack."""
    if train[schema.TARGET].nunique() < 2:
        same = str(train[schema.TARGET].iloc[0])
        late = f" The latest by {schema.TIME} are held out." if schema.TIME else ""
        raise InvalidData(
            f"all {len(train)} examples to learn from have {schema.TARGET} = {same!r}: there is "
            f"nothing to tell apart.{late} Add examples of another value."
        )
    parts = train[columns.role("GROUP")].nunique() if columns.role("GROUP") else len(train) // 2
    if parts < FOLDS:
        what = f"{parts} groups" if columns.role("GROUP") else f"{len(train)} rows"
        raise InvalidData(f"{what} to learn from are too few for {FOLDS} folds: add data.")


def fold_rows(train: pd.DataFrame) -> list[Any]:
    """Split the training part as what is held out is split from it: by time, group or chance."""
    stratified = columns.task() == "classification"
    stratified &= train[schema.TARGET].value_counts().min() >= FOLDS
    if schema.TIME:
        return list(TimeSeriesSplit(FOLDS).split(train))
    chance: dict[str, Any] = {"n_splits": FOLDS, "shuffle": True, "random_state": SEED}
    y = train[schema.TARGET].map(str)
    if group := columns.role("GROUP"):
        kind = StratifiedGroupKFold if stratified else GroupKFold
        return list(kind(**chance).split(train, y, train[group]))
    return list((StratifiedKFold if stratified else KFold)(**chance).split(train, y))


def _describe_data(examples: pd.DataFrame, train: pd.DataFrame) -> records.Data:
    """Say which examples a model is made with, and which of them it learns from."""
    return records.Data(
        fingerprint=split.fingerprint(examples),
        rows=len(examples),
        learnt=len(train),
        split=split.rule(examples),
        learnt_until=train[schema.TIME].max() if schema.TIME else None,
    )


def _classes(model: Pipeline) -> list[Any] | None:
    """List the classes in the model's order, in the target's own type."""
    options = {str(value): value for value in columns.target().options}
    names = getattr(model, "classes_", None)
    return None if names is None else [options.get(name, str(name)) for name in names]


def git_commit() -> str:
    """Name the commit of the code: from the image's variable, else from git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return os.environ.get("GIT_COMMIT") or commit


def _libraries() -> dict[str, str]:
    packages = ("scikit-learn", "skl2onnx", "onnxruntime", "numpy", "pandas")
    versions_of = {name: importlib.metadata.version(name) for name in packages}
    return versions_of | {"python": platform.python_version()}
