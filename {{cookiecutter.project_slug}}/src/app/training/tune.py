"""Tune: a small search over hyper-parameters by cross-validation, recorded whole."""

import logging

import numpy as np
from sklearn.model_selection import ParameterGrid

from app.data import split
from app.registry import versions
from app.training import metrics, model, train

_log = logging.getLogger(__name__)


def main() -> str:
    """Try every combination of `SEARCH` in model.py on the training part, and record all.

    The best mean is chosen; the held-out examples are not looked at.
    Returns the record's name, which `poe train` takes.
    """
    examples = split.read_examples()
    parts = split.hold_out(examples)
    tried = []
    for candidate in ParameterGrid(model.SEARCH):
        _log.info("trying %s", candidate)
        folds = train.cross_validate(parts.train, **candidate).model
        tried.append({"hyperparameters": candidate, "folds": folds, "mean": float(np.mean(folds))})
    best = max(tried, key=lambda candidate: candidate["mean"])
    chosen, mean = best["hyperparameters"], best["mean"]
    record = {"chosen": chosen, "metric": metrics.main_name(), "seed": model.SEED}
    record |= {"data": split.fingerprint(examples), "tried": tried}
    name = versions.add_tuning(record)
    _log.info("best: %s, %.3f: `uv run poe train %s` trains with it", chosen, mean, name)
    return name
