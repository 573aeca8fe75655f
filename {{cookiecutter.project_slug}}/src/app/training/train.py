"""Train: cross-validate beside a baseline, fit, export to ONNX, prove parity, register."""

import hashlib
import importlib.metadata
import logging
import os
import platform
import subprocess
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from app import schema
from app.contract import columns
from app.data import split
from app.errors import AppError, ConfigError, Conflict
from app.registry import predictor, records, reference, versions
from app.training import metrics
from app.training.model import SEED, build_baseline, build_model, export_onnx, to_x, to_xy

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
    folds = cross_validate(parts.train, **hyperparameters)
    model = build_model(**hyperparameters).fit(*to_xy(parts.train))
    content = export_onnx(model)
    used = {**(build_model.__kwdefaults__ or {}), **hyperparameters}
    choices = {"cross_validation": folds, "hyperparameters": used, "tuning": tuning or None}
    record = _describe(content, model, examples, choices)
    exported = predictor.Predictor(content, record)
    record = record.model_copy(update={"parity": check_parity(model, exported, parts.test)})
    version = versions.register(content, record, reference.make(parts, exported))
    _log.info("registered %s: %.2f MB of ONNX", version, len(content) / 1e6)
    return version


def _describe(
    content: bytes, model: Pipeline, examples: pd.DataFrame, choices: dict[str, Any]
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
        data=records.Data(fingerprint=split.fingerprint(examples), rows=len(examples)),
        seed=SEED,
        git_commit=_git_commit(),
        libraries=_libraries(),
        **choices,
    )


def cross_validate(examples: pd.DataFrame, **hyperparameters: Any) -> records.Folds:
    """Score the model and the baseline on the folds of the training part."""
    x, y = to_xy(examples)
    scores: dict[str, list[float]] = {"model": [], "baseline": []}
    for fit, judge in tqdm(list(_splitter(y).split(x, y)), desc="cross-validation", unit="fold"):
        candidates = {"model": build_model(**hyperparameters), "baseline": build_baseline()}
        for name, candidate in candidates.items():
            candidate.fit(x.iloc[fit], y.iloc[fit])
            scores[name].append(metrics.main_score(y.iloc[judge], candidate.predict(x.iloc[judge])))
    for name, values in scores.items():
        mean, deviation = np.mean(values), np.std(values)
        _log.info("%s of the %s: %.3f ± %.3f", metrics.main_name(), name, mean, deviation)
    return records.Folds(**scores)


def check_parity(model: Pipeline, exported: predictor.Predictor, held_out: pd.DataFrame) -> float:
    """Compare ONNX with scikit-learn on held-out rows, and on one with all features missing."""
    values = {name: [*held_out[name], None] for name in columns.features()}
    x, actual = to_x(values), exported.scores(values)
    expected = model.predict_proba(x) if exported.classifies else model.predict(x)
    scale = 1.0 if exported.classifies else max(1.0, float(np.abs(expected).max()))
    difference = float(np.abs(expected.reshape(actual.shape) - actual).max() / scale)
    if difference > PARITY:
        raise AppError(
            f"ONNX differs from scikit-learn by {difference:.2g}, more than {PARITY}: "
            "leave out scalers before trees, and see docs/EXPERIMENTATION.md."
        )
    _log.info("ONNX answers as scikit-learn does: largest difference %.1e", difference)
    return difference


def _splitter(y: "pd.Series[Any]") -> KFold | StratifiedKFold | TimeSeriesSplit:
    if schema.TIME:
        return TimeSeriesSplit(FOLDS)
    if columns.task() == "classification" and y.value_counts().min() >= FOLDS:
        return StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    return KFold(FOLDS, shuffle=True, random_state=SEED)


def _classes(model: Pipeline) -> list[Any] | None:
    """List the classes in the model's order, in the target's own type."""
    options = {str(value): value for value in columns.target().options}
    names = getattr(model, "classes_", None)
    return None if names is None else [options.get(name, str(name)) for name in names]


def _git_commit() -> str:
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
