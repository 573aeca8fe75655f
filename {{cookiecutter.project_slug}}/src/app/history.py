"""Past predictions, in storage: what was asked, what was answered, and what proved true.

Records and answers are kept as JSON, so that the history outlives a change of `schema.py`.
A label is a fact of its own, added later; the prediction it belongs to is never edited.
"""

import json
from collections.abc import Sequence
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


def past(limit: int) -> list[dict[str, Any]]:
    """Give the latest predictions, newest first, each with its label or None."""
    labels = {row["id"]: row["label"] for row in reversed(_read(tables.LABELS, "labelled_at"))}
    found = _read(tables.PREDICTIONS, "predicted_at", limit)
    for row in found:
        row["predicted_at"] = row["predicted_at"].isoformat()
        row["label"] = labels.get(row["id"], "null")
        row |= {name: json.loads(row[name]) for name in ("record", "prediction", "label")}
    return found


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
    row = {"id": prediction_id, "label": json.dumps(label), "labelled_at": datetime.now(UTC)}
    open_storage().write(tables.LABELS, pa.Table.from_pylist([row], _LABEL), append=True)


def batches() -> tuple[list[dict[str, Any]], int]:
    """Give the runs of `batch` that are whole, newest last, and the generation of their list."""
    try:
        blob = open_storage().get(BATCHES)
    except NotFound:
        return [], 0
    return json.loads(blob.data), blob.generation


def last_batch(limit: int) -> list[dict[str, Any]]:
    """Give rows of the newest run of `batch` that is whole; none if there is no run."""
    runs = batches()[0]
    return list(open_storage().read(runs[-1]["table"], limit=limit).to_pylist()) if runs else []


def _read(
    table: str, newest_by: str, limit: int | None = None, equals: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    try:
        rows = open_storage().read(table, equals=equals, newest_by=newest_by, limit=limit)
    except NotFound:
        return []
    return list(rows.to_pylist())
