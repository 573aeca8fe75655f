"""Tables to which rows are appended as they come, and how stores keep and find their rows."""

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from app.storage import tables
from app.storage.interface import Equals
from app.storage.rules import checked_name

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
"""A value for each column; that of a `json` column may be anything that JSON can say."""

COLUMNS: dict[str, dict[str, str]] = {
    tables.PREDICTIONS: {
        "id": "text",
        "model_version": "text",
        "record": "json",
        "prediction": "json",
        "probability": "number",
        "predicted_at": "time",
    },
    tables.LABELS: {"id": "text", "label": "json", "labelled_at": "time"},
}
"""The columns of each table, the first of which is never missing, and their kinds."""

_TYPES = {"text": "string", "json": "string", "number": "double", "time": "timestamp[us, tz=UTC]"}


def stored_types(table: str) -> dict[str, str]:
    """Give the type of each column, by its name in Arrow: JSON is kept as texts."""
    return {name: _TYPES[kind] for name, kind in COLUMNS[table].items()}


def with_texts(table: str, rows: list[Row]) -> list[Row]:
    """Give rows with JSON as texts."""
    of_json = [name for name, kind in COLUMNS[table].items() if kind == "json"]
    return [row | {name: to_json(row[name]).decode() for name in of_json} for row in rows]


def to_arrow(table: str, rows: list[Row]) -> "pa.Table":
    """Give rows as Arrow, JSON as texts."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel # few rows are appended without

    types = {"number": pa.float64(), "time": pa.timestamp("us", "UTC")}
    kinds = COLUMNS[table].items()
    schema = pa.schema([(name, types.get(kind, pa.string())) for name, kind in kinds])
    return pa.Table.from_pylist(with_texts(table, rows), schema)


def selection(
    equals: Equals, newest_by: str, limit: int | None, quote: str, *, since: bool = False
) -> str:
    """Give the rest of a query for rows with these values, the newest first, at most so many.

    With `since` none is older than the last parameter.
    """
    names = [f"{quote}{checked_name(name)}{quote} = ?" for name in equals or {}]
    names += [f"{quote}{checked_name(newest_by)}{quote} >= ?"] if since else []
    query = f" WHERE {' AND '.join(names)}" if names else ""
    query += f" ORDER BY {quote}{checked_name(newest_by)}{quote} DESC" if newest_by else ""
    return query + (f" LIMIT {int(limit)}" if limit is not None else "")
