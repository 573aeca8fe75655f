"""From texts to typed values: the same rules for files and for requests, told in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app import contract, schema
from app.errors import InvalidData

SHOWN = 5
"""Sentences per column or request; the first few are enough to act."""


def parse_columns(
    raw: Mapping[str, Sequence[Any]],
    model: type[BaseModel] = schema.Example,
    rows: Sequence[int] | None = None,
) -> dict[str, list[Any]]:
    """Turn texts into typed values, column by column.

    Parameters
    ----------
    raw
        Values (texts, typed values or None) by column name, all of one length.
    rows
        What to call each row in an error; counted from 1 if absent.

    Raises
    ------
    InvalidData
        With a sentence for each column and row that breaks a rule.
    """
    parsed: dict[str, list[Any]] = {}
    problems: list[str] = []
    for name, column in contract.columns(model).items():
        try:
            parsed[name] = _parse_values(column, raw[name])
        except ValidationError as error:
            problems += _column_problems(name, error, rows)
    if problems:
        raise InvalidData(*problems)
    return parsed


def parse_records(payload: Any, limit: int = 1000) -> list[dict[str, Any]]:
    """Parse one record, or a list of at most `limit`, as they come in a request.

    Raises
    ------
    InvalidData
        The payload is empty or too long, or a record breaks a rule.
    """
    records = payload if isinstance(payload, list) else [payload]
    if not 1 <= len(records) <= limit:
        raise InvalidData(f"{len(records)} records: send 1 to {limit} in one request.")
    try:
        parsed = TypeAdapter(list[schema.Record]).validate_python(records)
    except ValidationError as error:
        raise InvalidData(*_record_problems(error)) from None
    return [record.model_dump() for record in parsed]


def parse_label(value: Any) -> Any:
    """Parse a true value of the target, as it comes in a request."""
    try:
        return _parse_values(contract.target(), [value])[0]
    except ValidationError as error:
        raise InvalidData(f"label: {_broken_rule(error.errors()[0])}") from None


def _parse_values(column: contract.Column, values: Sequence[Any]) -> list[Any]:
    typed = {str(choice): choice for choice in column.choices}
    prepared = [typed.get(str(value), value) for value in values]
    adapter = TypeAdapter(list[column.annotation], config=schema.Record.model_config)  # type: ignore[name-defined]
    return list(adapter.validate_python(prepared))


def _column_problems(
    name: str, error: ValidationError, rows: Sequence[int] | None
) -> list[str]:
    details = error.errors(include_url=False)
    told = []
    for detail in details[:SHOWN]:
        index = int(detail["loc"][0])
        row = rows[index] if rows is not None else index + 1
        told.append(f"column {name!r}, row {row}: {_broken_rule(detail)}")
    if len(details) > SHOWN:
        told.append(f"column {name!r}: {len(details) - SHOWN} more rows break a rule.")
    return told


def _record_problems(error: ValidationError) -> list[str]:
    details = error.errors(include_url=False)
    told = []
    for detail in details[:SHOWN]:
        index, *path = detail["loc"]
        where = f"record {int(index) + 1}" + "".join(f", field {str(part)!r}" for part in path[:1])
        told.append(f"{where}: {_broken_rule(detail)}")
    if len(details) > SHOWN:
        told.append(f"{len(details) - SHOWN} more problems.")
    return told


def _broken_rule(detail: ErrorDetails) -> str:
    """Say the value, the rule and what to do, from one error of pydantic."""
    allowed = ", ".join(contract.columns(schema.Record))
    if detail["type"] == "missing":
        return "is missing; it is required by schema.py."
    if detail["type"] == "extra_forbidden":
        return f"is not a field of schema.py; the fields are: {allowed}."
    if detail["input"] is None:
        return "is empty, but schema.py requires a value."
    rule = detail["msg"].replace("Input should be", "must be")
    return f"{repr(detail['input'])[:80]} {rule[0].lower() + rule[1:]}."
