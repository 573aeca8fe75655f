"""Past predictions, in storage: what was asked, what was answered, and what proved true.

Records and answers are kept as JSON, so that the history outlives a change of `schema.py`.
A label is a fact of its own, added later; the prediction it belongs to is never edited.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from app.errors import NotFound
from app.storage import open_storage, tables

_TIME = pa.timestamp("us", "UTC")


BATCHES = "batch.json"
"""The object that names the runs of `batch` that are whole, the newest last."""


class Prediction(NamedTuple):
    """An answer that was given to a record, both as JSON: by which model version, and when."""

    id: str
    model_version: str
    record: str
    prediction: str
    probability: float | None
    predicted_at: datetime


_TEXTS = [(name, pa.string()) for name in Prediction._fields[:4]]
_PREDICTION = pa.schema([*_TEXTS, ("probability", pa.float64()), ("predicted_at", _TIME)])
_LABEL = pa.schema([("id", pa.string()), ("label", pa.string()), ("labelled_at", _TIME)])


def remember(predictions: Sequence[Prediction]) -> None:
    """Store predictions, all or none."""
    columns = dict(zip(Prediction._fields, zip(*predictions, strict=True), strict=True))
    rows = tables.from_columns(columns, _PREDICTION)
    open_storage().write(tables.PREDICTIONS, rows, append=True)


def past(limit: int, version: str = "") -> list[dict[str, Any]]:
    """Give the latest predictions, perhaps of one model version, newest first.

    Each has its label, or None.
    """
    labels, only = _labels(), {"model_version": version} if version else None
    found = _read(tables.PREDICTIONS, "predicted_at", limit, only)
    return [_told(row, labels) for row in found]


def labelled(version: str, limit: int) -> list[dict[str, Any]]:
    """Give the latest predictions of a version whose truth is known, oldest first.

    Labels are late, so they may be of any time: the whole table is looked through, piece by piece.
    """
    labels, found = _labels(), list[dict[str, Any]]()
    with suppress(NotFound):
        for piece in open_storage().stream(tables.PREDICTIONS) if labels else ():
            rows = (row for row in piece.to_pylist() if row["id"] in labels)
            found += [row for row in rows if row["model_version"] == version]
    found.sort(key=lambda row: row["predicted_at"])
    return [_told(row, labels) for row in found[-limit:]]


def _told(row: dict[str, Any], labels: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: json.loads(row[name]) for name in ("record", "prediction")}
    at = row["predicted_at"].isoformat()
    return row | told | {"predicted_at": at, "label": labels.get(row["id"])}


def add_label(prediction_id: str, label: Any) -> None:
    """Store what proved true for a prediction.

    Raises
    ------
    NotFound
        No prediction has this id.
    """
    if not _read(tables.PREDICTIONS, "predicted_at", 1, {"id": prediction_id}):
        raise NotFound(
            f"no prediction has the id {prediction_id!r}: see GET /past_predictions. "
            "Where several processes serve, one is stored some seconds after its answer."
        )
    add_labels({prediction_id: label})


def add_labels(labels: Mapping[str, Any]) -> None:
    """Store what proved true, by the id of the prediction, all or none."""
    now = datetime.now(UTC)
    rows = [
        {"id": id_, "label": json.dumps(label), "labelled_at": now} for id_, label in labels.items()
    ]
    open_storage().write(tables.LABELS, pa.Table.from_pylist(rows, _LABEL), append=True)


def known(ids: Iterable[str]) -> set[str]:
    """Give those ids that a prediction has, of the API or of a run of `batch`."""
    wanted, found = set(ids), set[str]()
    for table in [tables.PREDICTIONS, *(run["table"] for run in batches()[0])]:
        with suppress(NotFound):
            for piece in open_storage().stream(table):
                if "id" in piece.schema.names:
                    found |= wanted.intersection(piece.column("id").to_pylist())
    return found


def batches() -> tuple[list[dict[str, Any]], int]:
    """Give the runs of `batch` that are whole, newest last, and the generation of their list."""
    try:
        blob = open_storage().get(BATCHES)
    except NotFound:
        return [], 0
    return json.loads(blob.data), blob.generation


def scored(table: str, about: int) -> list[dict[str, Any]]:
    """Give rows of a run of `batch`, each with its label or None, in bounded memory.

    A table with more than twice `about` rows is thinned out evenly, to between once and twice; rows
    with a label are kept beside.
    """
    rows, known = list[dict[str, Any]](), list[dict[str, Any]]()
    labels, step, seen = _labels(), 1, 0
    for piece in open_storage().stream(table):
        rows += piece.take(list(range(-seen % step, piece.num_rows, step))).to_pylist()
        seen += piece.num_rows
        if labels and "id" in piece.schema.names:
            places = [n for n, id_ in enumerate(piece.column("id").to_pylist()) if id_ in labels]
            known += piece.take(places).to_pylist() if places else []
        while len(rows) > 2 * about:
            rows, step = rows[::2], 2 * step
    there = {row.get("id") for row in rows}
    rows += [row for row in known if row["id"] not in there]
    return [row | {"label": labels.get(row.get("id", ""))} for row in rows]


def _labels() -> dict[str, Any]:
    """Give what proved true by the id of the prediction; the newest word counts."""
    rows = reversed(_read(tables.LABELS, "labelled_at"))
    return {row["id"]: json.loads(row["label"]) for row in rows}


def _read(
    table: str, newest_by: str, limit: int | None = None, equals: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    try:
        rows = open_storage().read(table, equals=equals, newest_by=newest_by, limit=limit)
    except NotFound:
        return []
    return list(rows.to_pylist())
