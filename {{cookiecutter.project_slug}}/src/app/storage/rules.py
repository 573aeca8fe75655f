"""What every store asks of names, keys and columns, so that all stores take the same."""

import re
from typing import TYPE_CHECKING

from app.errors import InvalidData, NotFound

if TYPE_CHECKING:
    import pyarrow as pa

STORABLE = {"string", "int64", "double", "bool", "date32[day]", "timestamp[us, tz=UTC]"}
"""The types of Arrow that every store keeps, by their names."""


def checked_name(name: str) -> str:
    """Give the name of a table or column, which can then stand in a query."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name, flags=re.ASCII):
        raise NotFound(f"{name!r} is not a table or column: use letters, digits and _.")
    return name


def checked_key(key: str) -> str:
    """Give the key of an object, which cannot lead out of the store."""
    if not re.fullmatch(r"\w[\w.-]{,199}(/\w[\w.-]{,199}){,9}", key, flags=re.ASCII):
        raise NotFound(
            f"{key[:80]!r} is not a key: up to 200 letters, digits and ._- between slashes."
        )
    return key


def require_storable(schema: "pa.Schema") -> None:
    """Refuse columns that one of the stores could not give back as they were.

    Raises
    ------
    InvalidData
        With a sentence for each column.
    """
    problems = [
        f"column {field.name!r} has the type {field.type}, which not every store keeps; "
        f"cast it to one of: {', '.join(sorted(STORABLE))}."
        for field in schema
        if str(field.type) not in STORABLE
    ]
    if problems:
        raise InvalidData(*problems)
    for name in schema.names:
        checked_name(name)
