"""Past predictions, in storage: what was asked, what was answered, and what proved true.

Records and answers are kept as JSON, so that the history outlives a change of `schema.py`.
A label is a fact of its own, added later; the prediction it belongs to is never edited.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from app.errors import NotFound
from app.predict import Answer
from app.storage import open_storage, tables

_TIME = pa.timestamp("us", "UTC")
_TEXTS = [(name, pa.string()) for name in ("id", "model_version", "record", "prediction")]
_PREDICTION = pa.schema([*_TEXTS, ("probability", pa.float64()), ("predicted_at", _TIME)])
_LABEL = pa.schema([("id", pa.string()), ("label", pa.string()), ("labelled_at", _TIME)])


class Prediction(NamedTuple):
    """An answer that was given: by which model version, to which record, and when."""

    id: str
    model_version: str
    record: Mapping[str, Any]
    answer: Answer
    predicted_at: datetime


def remember(predictions: Sequence[Prediction]) -> None:
    """Store predictions, all or none."""
    rows = [
        {
            "id": found.id,
            "model_version": found.model_version,
            "record": json.dumps(found.record),
            "prediction": json.dumps(found.answer.prediction),
            "probability": found.answer.probability,
            "predicted_at": found.predicted_at,
        }
        for found in predictions
    ]
    _append(tables.PREDICTIONS, rows, _PREDICTION)


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
        raise NotFound(f"no prediction has the id {prediction_id!r}: see GET /past_predictions.")
    row = {"id": prediction_id, "label": json.dumps(label), "labelled_at": datetime.now(UTC)}
    _append(tables.LABELS, [row], _LABEL)


def _append(table: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    open_storage().write(table, pa.Table.from_pylist(rows, schema), append=True)


def _read(
    table: str, newest_by: str, limit: int | None = None, equals: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    try:
        rows = open_storage().read(table, equals=equals, newest_by=newest_by, limit=limit)
    except NotFound:
        return []
    return list(rows.to_pylist())
