"""Tables to which rows are appended as they come, and what a row of them is in each store."""

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from app.errors import InvalidData
from app.storage import tables

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


def to_arrow(table: str, rows: list[Row]) -> "pa.Table":
    """Give rows as Arrow, JSON as texts.

    Raises
    ------
    InvalidData
        A value is not of its column's kind.
    """
    import pyarrow as pa  # pylint: disable=import-outside-toplevel # a laptop appends without it

    types = {"number": pa.float64(), "time": pa.timestamp("us", "UTC")}
    columns = {}
    for name, kind in COLUMNS[table].items():
        values = [to_json(row[name]).decode() if kind == "json" else row[name] for row in rows]
        try:
            columns[name] = pa.array(values, types.get(kind, pa.string()))
        except pa.ArrowException as error:
            raise InvalidData(f"{table}.{name} holds only {kind}: {error}.") from error
    return pa.table(columns)
