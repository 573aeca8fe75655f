"""Tune: a small search over hyper-parameters by cross-validation, recorded whole."""

import logging

import numpy as np
from sklearn.model_selection import ParameterGrid

from app import data, metrics, registry
from app.model import SEARCH, SEED
from app.train import cross_validate

_log = logging.getLogger(__name__)


def main() -> str:
    """Try every combination of `SEARCH` in model.py on the training part, and record all.

    The best mean is chosen; the held-out examples are not looked at.
    Returns the record's name, which `poe train` takes.
    """
    examples = data.read_examples()
    parts = data.split(examples)
    tried = []
    for candidate in ParameterGrid(SEARCH):
        _log.info("trying %s", candidate)
        folds = cross_validate(parts.train, **candidate)["model"]
        tried.append({"hyperparameters": candidate, "folds": folds, "mean": float(np.mean(folds))})
    best = max(tried, key=lambda one: one["mean"])
    name = registry.add_tuning(
        {
            "chosen": best["hyperparameters"],
            "metric": metrics.main_name(),
            "seed": SEED,
            "data": data.fingerprint(examples),
            "tried": tried,
        }
    )
    _log.info("best: %s, %.3f", best["hyperparameters"], best["mean"])
    _log.info("`uv run poe train %s` trains with it", name)
    return name
