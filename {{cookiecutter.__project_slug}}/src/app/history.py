"""Past predictions, in storage: what was asked, what was answered, and what proved true.

Records and answers are kept as JSON, so that the history outlives a change of `schema.py`.
A label is a fact of its own, added later; the prediction it belongs to is never edited.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa

from app.errors import NotFound
from app.predict import Answer
from app.storage import open_storage, tables

_NOW = pa.timestamp("us", "UTC")
_PREDICTION = pa.schema(
    [
        ("id", pa.string()),
        ("predicted_at", _NOW),
        ("model_version", pa.string()),
        ("record", pa.string()),
        ("prediction", pa.string()),
        ("probability", pa.float64()),
    ]
)
_LABEL = pa.schema([("id", pa.string()), ("labelled_at", _NOW), ("label", pa.string())])


def remember(
    records: list[dict[str, Any]], answers: list[Answer], model_version: str
) -> list[str]:
    """Store predictions, and return the id of each."""
    rows = [
        {
            "id": uuid4().hex,
            "predicted_at": datetime.now(UTC),
            "model_version": model_version,
            "record": json.dumps(record),
            "prediction": json.dumps(answer.prediction),
            "probability": answer.probability,
        }
        for record, answer in zip(records, answers, strict=True)
    ]
    open_storage().write(tables.PREDICTIONS, pa.Table.from_pylist(rows, _PREDICTION), append=True)
    return [str(row["id"]) for row in rows]


def past(limit: int) -> list[dict[str, Any]]:
    """Give the latest predictions, newest first, each with its label or None."""
    storage = open_storage()
    known = storage.tables()
    if tables.PREDICTIONS not in known:
        return []
    rows = storage.read(tables.PREDICTIONS, newest_by="predicted_at", limit=limit).to_pylist()
    labels = {}
    if tables.LABELS in known:
        for row in reversed(storage.read(tables.LABELS, newest_by="labelled_at").to_pylist()):
            labels[row["id"]] = json.loads(row["label"])
    return [_decoded(row) | {"label": labels.get(row["id"])} for row in rows]


def add_label(prediction_id: str, label: Any) -> None:
    """Store what proved true for a prediction.

    Raises
    ------
    NotFound
        No prediction has this id.
    """
    storage = open_storage()
    known = tables.PREDICTIONS in storage.tables()
    if not known or not storage.read(tables.PREDICTIONS, equals={"id": prediction_id}).num_rows:
        raise NotFound(f"no prediction has the id {prediction_id!r}: see GET /past_predictions.")
    row = {"id": prediction_id, "labelled_at": datetime.now(UTC), "label": json.dumps(label)}
    storage.write(tables.LABELS, pa.Table.from_pylist([row], _LABEL), append=True)


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "predicted_at": row["predicted_at"].isoformat(),
        "record": json.loads(row["record"]),
        "prediction": json.loads(row["prediction"]),
    }
