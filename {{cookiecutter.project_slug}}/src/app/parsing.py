"""From texts to typed values: the same rules for files and for requests, told in sentences."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import GenericAlias
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app import contract, schema
from app.errors import InvalidData

RECORDS = 1000
"""Records in one request, at most."""

SHOWN = 5
"""Sentences per column or request; the first few are enough to act."""


def parse_columns(
    raw: Mapping[str, Sequence[Any]],
    model: type[BaseModel] = schema.Example,
    rows: Sequence[int] | None = None,
) -> dict[str, list[Any]]:
    """Turn texts into typed values, column by column.

    `raw` holds texts, typed values or None by column name, all of one length;
    `rows` says what to call each row in an error, if there are several.

    Raises
    ------
    InvalidData
        With a sentence for each column and row that breaks a rule.
    """
    parsed: dict[str, list[Any]] = {}
    problems: list[str] = []
    for name, column in contract.columns(model).items():

        def where(detail: ErrorDetails, name: str = name) -> str:
            return f"{name!r}" + (f", row {rows[int(detail['loc'][0])]}" if rows else "")

        try:
            parsed[name] = _parse_values(column, raw[name])
        except ValidationError as error:
            problems += _sentences(error, where)
    if problems:
        raise InvalidData(*problems)
    return parsed


def parse_records(payload: Any) -> list[dict[str, Any]]:
    """Parse one record, or a list of at most `RECORDS`, as they come in a request.

    Strictly: a number is a JSON number, not a text that looks like one.

    Raises
    ------
    InvalidData
        The payload is empty or too long, or a record breaks a rule.
    """

    def where(detail: ErrorDetails) -> str:
        index, *path = detail["loc"]
        return f"record {int(index) + 1}" + "".join(f", {part!r}" for part in path[:1])

    records = payload if isinstance(payload, list) else [payload]
    if not 1 <= len(records) <= RECORDS:
        raise InvalidData(f"{len(records)} records: send 1 to {RECORDS} in one request.")
    try:
        parsed = _records().validate_python([_whole(record) for record in records], strict=True)
    except ValidationError as error:
        raise InvalidData(*_sentences(error, where)) from None
    return [vars(record) for record in parsed]


def _whole(record: Any) -> Any:
    """Make 2.0 a whole number where one is asked for: JSON has only one kind of number."""
    if not isinstance(record, dict):
        return record
    found = {
        name: int(value)
        for name in _whole_numbers()
        if isinstance(value := record.get(name), float) and value.is_integer()
    }
    return record | found if found else record


@cache
def _whole_numbers() -> list[str]:
    columns = contract.columns(schema.Example).values()
    return [column.name for column in columns if column.kind == "integer"]


@cache
def _records() -> TypeAdapter[list[schema.Record]]:
    return TypeAdapter(list[schema.Record])


def parse_label(value: Any) -> Any:
    """Parse a true value of the target, as it comes in a request: strictly, as a record."""
    column = contract.target()
    label = TypeAdapter(column.annotation, config=schema.Record.model_config)
    try:
        return label.validate_python(_whole({column.name: value})[column.name], strict=True)
    except ValidationError as error:
        raise InvalidData(*_sentences(error, lambda _: "label")) from None


def parse_labels(texts: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    """Parse true values of the target as a file holds them; `rows` says what to call each row."""
    try:
        return _parse_values(contract.target(), texts)
    except ValidationError as error:
        told = _sentences(error, lambda detail: f"row {rows[int(detail['loc'][0])]}")
        raise InvalidData(*told) from None


def _parse_values(column: contract.Column, values: Sequence[Any]) -> list[Any]:
    typed = {str(choice): choice for choice in column.choices}
    prepared = [typed.get(str(value), value) for value in values]
    many: Any = GenericAlias(list, column.annotation)
    parsed: list[Any] = TypeAdapter(many, config=schema.Record.model_config).validate_python(
        prepared
    )
    return parsed


def _sentences(error: ValidationError, where: Callable[[ErrorDetails], str]) -> list[str]:
    details = error.errors(include_url=False)
    told = [f"{where(detail)}: {_broken_rule(detail)}" for detail in details[:SHOWN]]
    more = len(details) - SHOWN
    return [*told, f"and {more} more like these."] if more > 0 else told


def _broken_rule(detail: ErrorDetails) -> str:
    """Say the value, the rule and what to do, from one error of pydantic."""
    if detail["type"] == "missing":
        return "is missing; schema.py requires it."
    if detail["type"] == "extra_forbidden":
        fields = ", ".join(schema.Record.model_fields)
        return f"is not a field of schema.py; the fields are: {fields}."
    if detail["input"] is None:
        return "is empty; schema.py requires a value."
    rule = detail["msg"].replace("Input should be", "must be")
    return f"{repr(detail['input'])[:80]} {rule[0].lower() + rule[1:]}."
