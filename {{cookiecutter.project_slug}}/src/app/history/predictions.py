"""Past predictions, in storage: what was asked, what was answered, and what proved true.

Records and answers are kept as JSON, so that the history outlives a change of `schema.py`.
A label is a row of its own, added later; the prediction it belongs to is never edited.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from app.errors import NotFound
from app.storage import open_storage, tables
from app.storage.interface import Equals


# >>> sprint >= 4
def gather() -> None:
    """Make the history fast to read, before much of it is read."""
    for table in (tables.PREDICTIONS, tables.LABELS):
        open_storage().gather(table)


# <<<
def latest(limit: int, version: str = "") -> list[dict[str, Any]]:
    """Give the latest predictions, perhaps of one model version, newest first.

    Each has its label, or None.
    """
    labels, equals = read_labels(), {"model_version": version} if version else None
    rows = _read(tables.PREDICTIONS, "predicted_at", limit, equals)
    return [_with_label(row, labels) for row in rows]


def labelled(version: str, limit: int) -> list[dict[str, Any]]:
    """Give the latest predictions of a version whose truth is known, oldest first.

    Labels are late, so they may be of any time: the whole table is looked through, piece by piece.
    """
    labels, rows = read_labels(), list[dict[str, Any]]()
    with suppress(NotFound):
        for piece in open_storage().stream(tables.PREDICTIONS) if labels else ():
            of_version = [r for r in piece.to_pylist() if r["model_version"] == version]
            rows += [row for row in of_version if row["id"] in labels]
    rows.sort(key=lambda row: row["predicted_at"])
    return [_with_label(row, labels) for row in rows[-limit:]]


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
            "On Google Cloud, one is stored some seconds after its answer."
        )
    add_labels({prediction_id: label})


def add_labels(labels: Mapping[str, Any]) -> None:
    """Store what proved true, by the id of the prediction, all or none."""
    now = datetime.now(UTC)
    rows = [{"id": id_, "label": label, "labelled_at": now} for id_, label in labels.items()]
    open_storage().append(tables.LABELS, rows)


def read_labels() -> dict[str, Any]:
    """Give what proved true by the id of the prediction; the newest label counts."""
    rows = sorted(_read(tables.LABELS), key=lambda row: row["labelled_at"])  # no query: it is free
    return {row["id"]: json.loads(row["label"]) for row in rows}


def _with_label(row: dict[str, Any], labels: Mapping[str, Any]) -> dict[str, Any]:
    parsed = {name: json.loads(row[name]) for name in ("record", "prediction")}
    at = row["predicted_at"].isoformat()
    return row | parsed | {"predicted_at": at, "label": labels.get(row["id"])}


def _read(
    table: str, newest_by: str = "", limit: int | None = None, equals: Equals = None
) -> list[dict[str, Any]]:
    try:
        return open_storage().find(table, equals=equals, newest_by=newest_by, limit=limit)
    except NotFound:
        return []
