"""Labels that come late: what proved true, from a file, joined to the predictions by their id."""

import logging
from collections.abc import Iterable
from contextlib import suppress

import pandas as pd

from app import schema
from app.contract import parsing
from app.data import ingest, reading
from app.errors import InvalidData, NotFound
from app.history import batch_runs, predictions
from app.storage import open_storage, tables

_log = logging.getLogger(__name__)


def main(path: str) -> None:
    """Store the labels of a CSV file with the columns `id` and `label`: all of them, or none.

    Raises
    ------
    InvalidData
        The file has other columns, no prediction has an id, or a label breaks a rule of
        `schema.py`.
    """
    frame = reading.parse_csv(ingest.fetch(path), path)
    if missing := ", ".join(sorted({"id", "label"} - set(frame.columns))):
        present = ", ".join(frame.columns)
        raise InvalidData(
            f"{path} needs the columns id and label, but {missing} is missing; it has: {present}."
        )
    rows = [int(index) + 2 for index in frame.index]
    texts = {schema.TARGET: frame["label"].tolist()}
    labels = parsing.parse_columns(texts, rows=rows)[schema.TARGET]
    _require_predictions(frame, path)
    predictions.add_labels(dict(zip(frame["id"], labels, strict=True)))
    _log.info("%d labels of %s are stored", len(labels), path)


def _require_predictions(frame: pd.DataFrame, path: str) -> None:
    """Refuse ids that no prediction has, or that are there twice."""
    if frame.empty:
        raise InvalidData(f"{path} has no row: each is an id and what proved true.")
    ids = frame["id"]
    problems = [f"{path}: the id {name!r} is there twice." for name in ids[ids.duplicated()]]
    problems += [
        f"{path}: no prediction has the id {name!r}; each answer holds its own."
        for name in ids[~ids.isin(_existing(ids.dropna()))]
    ]
    if problems:
        raise InvalidData(*problems[: parsing.SHOWN])


def _existing(ids: Iterable[str]) -> set[str]:
    """Give those ids that a prediction has, of the API or of a run of `batch`."""
    wanted, existing = set(ids), set[str]()
    for table in [tables.PREDICTIONS, *(run.table for run in batch_runs.whole()[0])]:
        with suppress(NotFound):
            for piece in open_storage().stream(table):
                existing |= wanted.intersection(piece.column("id").to_pylist())
    return existing
