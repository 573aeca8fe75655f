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

from app import contract, data, metrics, reference, registry, schema
from app.errors import AppError, ConfigError, Conflict
from app.model import SEED, build_baseline, build_model, export_onnx, to_x, to_xy
from app.predict import Predictor

FOLDS = 5
PARITY = 1e-4
"""Largest difference allowed between ONNX and scikit-learn; relative for a regression."""

_log = logging.getLogger(__name__)


def main(tuning: str = "", fingerprint: str = "") -> str:
    """Train on the examples in the table, and register the model as a new version.

    `tuning` names a search whose choice is used; `fingerprint` is what the data must have.
    Returns the version.

    Raises
    ------
    Conflict
        The table holds other data: somebody replaced it meanwhile.
    ConfigError
        The search chose what the model does not know.
    """
    examples = data.read_examples()
    found = data.fingerprint(examples)
    if fingerprint not in ("", found):
        raise Conflict(f"the table holds data {found}, not {fingerprint}: it was replaced; again.")
    chosen = registry.tuning_of(tuning)["chosen"] if tuning else {}
    if unknown := set(chosen) - set(build_model.__kwdefaults__ or {}):
        raise ConfigError(
            f"the search {tuning} chose {', '.join(sorted(unknown))}, which build_model in "
            "src/app/model.py does not know: run `uv run poe tune` again."
        )
    return train(examples, tuning, **chosen)


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
    parts = data.split(examples)
    folds = cross_validate(parts.train, **hyperparameters)
    model = build_model(**hyperparameters).fit(*to_xy(parts.train))
    content = export_onnx(model)
    record = _describe(content, model, examples)
    used = {**(build_model.__kwdefaults__ or {}), **hyperparameters}
    record |= {"cross_validation": folds, "hyperparameters": used, "tuning": tuning or None}
    predictor = Predictor(content, record)
    record["parity"] = check_parity(model, predictor, parts.test)
    version = registry.register(content, record, reference.make(parts, predictor))
    _log.info("registered %s: %.2f MB of ONNX", version, len(content) / 1e6)
    return version


def _describe(content: bytes, model: Pipeline, examples: pd.DataFrame) -> dict[str, Any]:
    """Say where a model comes from: contract, data, code and libraries."""
    return {
        "version": "not yet registered",
        "task": contract.task(),
        "target": schema.TARGET,
        "classes": _classes(model),
        "contract": contract.fingerprint(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "data": {"fingerprint": data.fingerprint(examples), "rows": len(examples)},
        "seed": SEED,
        "git_commit": _git_commit(),
        "versions": _versions(),
    }


def cross_validate(examples: pd.DataFrame, **hyperparameters: Any) -> dict[str, list[float]]:
    """Score the model and the baseline on the folds of the training part."""
    x, y = to_xy(examples)
    scores: dict[str, list[float]] = {"model": [], "baseline": []}
    for fit, judge in tqdm(list(_splitter(y).split(x, y)), desc="cross-validation", unit="fold"):
        for name, candidate in (
            ("model", build_model(**hyperparameters)),
            ("baseline", build_baseline()),
        ):
            candidate.fit(x.iloc[fit], y.iloc[fit])
            scores[name].append(metrics.main_score(y.iloc[judge], candidate.predict(x.iloc[judge])))
    for name, values in scores.items():
        _log.info(
            "%s of the %s: %.3f ± %.3f", metrics.main_name(), name, np.mean(values), np.std(values)
        )
    return scores


def check_parity(model: Pipeline, predictor: Predictor, held_out: pd.DataFrame) -> float:
    """Compare ONNX with scikit-learn on held-out rows, and on one with all features missing."""
    values = {name: [*known, None] for name, known in data.feature_values(held_out).items()}
    x, actual = to_x(values), predictor.scores(values)
    expected = model.predict_proba(x) if predictor.classifies else model.predict(x)
    scale = 1.0 if predictor.classifies else max(1.0, float(np.abs(expected).max()))
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
    if contract.task() == "classification" and y.value_counts().min() >= FOLDS:
        return StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    return KFold(FOLDS, shuffle=True, random_state=SEED)


def _classes(model: Pipeline) -> list[Any] | None:
    """List the classes in the model's order, in the target's own type."""
    column = contract.target()
    typed = {str(value): value for value in column.options}
    found = getattr(model, "classes_", None)
    return None if found is None else [typed.get(name, name) for name in found]


def _git_commit() -> str:
    """Name the commit of the code: from the image's variable, else from git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        found = "unknown"
    return os.environ.get("GIT_COMMIT") or found


def _versions() -> dict[str, str]:
    packages = ("scikit-learn", "skl2onnx", "onnxruntime", "numpy", "pandas")
    versions = {name: importlib.metadata.version(name) for name in packages}
    return versions | {"python": platform.python_version()}
