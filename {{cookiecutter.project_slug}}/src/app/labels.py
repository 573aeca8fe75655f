"""Labels that come late: what proved true, from a file, joined to the predictions by their id."""

import logging
from pathlib import Path

import pandas as pd

from app import data, history, parsing
from app.errors import InvalidData

_log = logging.getLogger(__name__)


def main(path: str) -> None:
    """Store the labels of a CSV file with the columns `id` and `label`: all of them, or none.

    Raises
    ------
    InvalidData
        The file is no such file, an id is no prediction's, or a label breaks a rule of `schema.py`.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidData(f"{path} cannot be read: {error.strerror}.") from None
    frame = data.parse_csv(content, path)
    if missing := {"id", "label"} - set(frame.columns):
        raise InvalidData(
            f"{path} needs the columns id and label, but {', '.join(sorted(missing))} is missing; "
            f"it has: {', '.join(frame.columns)}."
        )
    rows = [int(index) + 2 for index in frame.index]
    labels = parsing.parse_labels(frame["label"].tolist(), rows)
    _require_known(frame, path)
    history.add_labels(dict(zip(frame["id"], labels, strict=True)))
    _log.info("%d labels of %s are stored", len(labels), path)


def _require_known(frame: pd.DataFrame, path: str) -> None:
    if frame.empty:
        raise InvalidData(f"{path} has no row: each is an id and what proved true.")
    ids = frame["id"]
    twice = ids[ids.duplicated()]
    known = history.known(ids.dropna())
    unknown = ids[~ids.isin(known)]
    problems = [f"{path}: the id {name!r} is there twice." for name in twice]
    problems += [
        f"{path}: no prediction has the id {name!r}; the dashboard's tables show the ids."
        for name in unknown
    ]
    if problems:
        raise InvalidData(*problems[: parsing.SHOWN])
