"""Evaluate: score a model on held-out examples, beside the baseline and the champion, by slice."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from app import schema
from app.contract import columns
from app.data import split
from app.errors import Conflict, ModelRefused
from app.registry import predictor, records, versions
from app.training import metrics, suspicions
from app.training.model import SEED, to_xy

_log = logging.getLogger(__name__)

SLICE_ROWS = 20
"""Held-out rows that a slice needs, at least."""


def main(version: str = "") -> None:
    """Evaluate a version, by default the newest, and store the result beside it.

    Raises
    ------
    Conflict
        It was trained on other data: what is held out now, it may have learnt from.
    """
    version = version or versions.newest()
    examples = split.read_examples()
    made_with, present = versions.record_of(version).data.fingerprint, split.fingerprint(examples)
    if made_with != present:
        raise Conflict(
            f"{version} was trained on data {made_with}, but the table holds {present}: train "
            "again, or bring back the former data with `uv run poe data`."
        )
    evaluation = evaluate(version, split.hold_out(examples), split.rule(examples))
    versions.add_evaluation(version, evaluation)
    _log_scores(evaluation)
    _log.info("%s is evaluated: `uv run poe gate` judges it", version)


def evaluate(version: str, parts: split.Split, rule: str) -> records.Evaluation:
    """Score a version, the better baseline and the champion on held-out examples.

    `rule` says what decided which examples are held out.
    """
    model, record = versions.load(version), versions.record_of(version)
    _, y = to_xy(parts.test)
    predicted = _predict(model, parts.test)
    name, baseline = suspicions.baseline(*parts)
    against = versions.champion().version
    champion, problem = _compare(model, against, parts.test, rule) if against else (None, "")
    return records.Evaluation(
        format=records.FORMAT,
        metric=metrics.main_name(),
        sha256=record.sha256,
        data=record.data.fingerprint,
        model=metrics.all_scores(y, predicted),
        baseline=metrics.all_scores(y, baseline),
        baseline_name=name,
        against=against,
        champion=champion,
        not_compared=problem,
        recalls=_recalls(parts, predicted) if model.classifies else {},
        slices=_slices(parts.test, y.to_numpy(), predicted, baseline),
        single_features=suspicions.single_feature_scores(parts),
        gaps=suspicions.gaps_score(parts),
        twins=suspicions.twin_share(parts),
        folds=record.cross_validation,
        importance=importance(model, parts.test),
    )


def importance(model: predictor.Predictor, test: pd.DataFrame, repeats: int = 5) -> records.Scores:
    """Give the main metric that is lost, on average, when a feature's values change places.

    Permutation importance: Breiman, "Random Forests", Machine Learning 45 (2001), section 10.
    At most 2,000 rows are used.
    """
    chance = np.random.default_rng(SEED)
    rows = test.sample(min(2000, len(test)), random_state=SEED)
    _, y = to_xy(rows)
    whole = metrics.main_score(y, _predict(model, rows))
    lost = {}
    for name in columns.features():
        mixed = [rows.assign(**{name: chance.permutation(rows[name])}) for _ in range(repeats)]
        scores = [metrics.main_score(y, _predict(model, frame)) for frame in mixed]
        lost[name] = whole - float(np.mean(scores))
    return lost


def _slices(test: pd.DataFrame, y: Any, model: Any, baseline: Any) -> dict[str, records.Slice]:
    """Score each value of each category that has enough rows and a target that varies."""
    slices = {}
    for name, column in columns.features().items():
        texts = test[name].map(str)
        values = [] if column.quantity else sorted(texts.unique())
        for rows, value in (((texts == value).to_numpy(), value) for value in values):
            if rows.sum() >= SLICE_ROWS and len(np.unique(y[rows])) > 1:
                slices[f"{name} = {value}"] = records.Slice(
                    rows=int(rows.sum()),
                    model=metrics.main_score(y[rows], model[rows]),
                    baseline=metrics.main_score(y[rows], baseline[rows]),
                )
    return slices


def _predict(model: predictor.Predictor, frame: pd.DataFrame) -> Any:
    labels = model.labels(model.scores(frame))
    return np.asarray([str(label) for label in labels] if model.classifies else labels)


def _compare(
    model: predictor.Predictor, version: str, test: pd.DataFrame, rule: str
) -> tuple[records.Comparison | None, str]:
    """Compare with the champion on rows that it did not learn from, or say why that cannot be."""
    try:
        champion, learnt = versions.load_champion(), versions.record_of(version).data
    except ModelRefused as error:
        return None, " ".join(error.problems)
    if learnt.split != rule:
        return None, f"it learnt from rows that were chosen by {learnt.split}."
    rows = test[test[schema.TIME] > learnt.learnt_until] if schema.TIME else test
    _, y = to_xy(rows)
    if y.nunique() < 2:
        return None, f"only {len(rows)} held-out rows are later than those that it learnt from."
    scores = (metrics.all_scores(y, _predict(judged, rows)) for judged in (model, champion))
    ours, theirs = scores
    return records.Comparison(version=version, rows=len(rows), model=ours, champion=theirs), ""


def _recalls(parts: split.Split, predicted: Any) -> dict[str, records.Recall]:
    """Count the rows of each class, and the share of the held-out ones that got it as answer."""
    learnt, y = (to_xy(part)[1] for part in parts)
    return {
        name: records.Recall(
            learnt=int((learnt == name).sum()),
            rows=int((y == name).sum()),
            recall=float((predicted[y == name] == name).mean()) if (y == name).any() else 0.0,
        )
        for name in sorted({*learnt, *y})
    }


def _log_scores(evaluation: records.Evaluation) -> None:
    """Log the metrics and the slices, beside those of the baseline and the champion."""
    for name, score in evaluation.model.items():
        lowest, what = evaluation.baseline[name], evaluation.baseline_name
        _log.info("%s %.3f (%s has %.3f)", name, score, what, lowest)
    if beside := evaluation.champion:
        ours, theirs = beside.model[evaluation.metric], beside.champion[evaluation.metric]
        where = f"on {beside.rows} rows that neither learnt from"
        _log.info("%s: %.3f, the champion's %.3f", where, ours, theirs)
    for where, part in evaluation.slices.items():
        _log.info("  %s: %.3f on %d rows", where, part.model, part.rows)
