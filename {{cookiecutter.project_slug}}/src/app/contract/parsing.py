"""From texts and JSON to typed values: the same rules for files and for requests, in sentences."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError

from app import schema
from app.contract import columns
from app.errors import InvalidData

if TYPE_CHECKING:
    import pyarrow as pa

RECORDS = 1000
"""Records in one request, at most."""

MISSING = {
    *("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>"),
    *("NaN", "nan", "NULL", "null", "None"),
}
"""Texts that mean a missing value in a file, unless `schema.py` lists them as a choice."""

SHOWN = 5
"""Sentences per column or request; the first few are enough to act."""


def parse_table(raw: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> "pa.Table":
    """Turn the texts of a file into a table of examples; arguments and errors as `parse_columns`.

    Arrow itself does not say in which column a value does not fit.
    """
    import pyarrow as pa  # pylint: disable=import-outside-toplevel # who predicts does without

    values, arrays, problems = parse_columns(raw, rows=rows), [], []
    for field in columns.arrow_schema():
        try:
            arrays.append(pa.array(values[field.name], field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            problems.append(f"column {field.name!r} must hold only {field.type}: {error}.")
    if problems:
        raise InvalidData(*problems)
    return pa.table(arrays, schema=columns.arrow_schema())


def parse_columns(
    raw: Mapping[str, Sequence[Any]],
    model: type[BaseModel] = schema.Example,
    rows: Sequence[int] | None = None,
) -> dict[str, list[Any]]:
    """Turn texts into typed values, column by column.

    `raw` holds texts, typed values or None by column name, all of one length; other columns than
    those of the model are left out. `rows` are the numbers by which an error names them, if there
    are several.

    Raises
    ------
    InvalidData
        With a sentence for each column and row that breaks a rule.
    """
    parsed, problems = dict[str, list[Any]](), list[str]()
    for name in [name for name in columns.of(model) if name in raw]:
        try:
            parsed[name] = _parse_values(columns.of(model)[name], raw[name])
        except ValidationError as error:
            problems += _sentences(error, partial(_place, name, rows))
        except Exception as error:  # pylint: disable=broad-exception-caught # a rule of a team's own
            problems += [f"{name!r}: a rule of its type raises {error!r}: let it raise ValueError."]
    if problems:
        raise InvalidData(*problems)
    return parsed


def _place(name: str, rows: Sequence[int] | None, detail: ErrorDetails) -> str:
    """Name the column of an error, and its row if there are several."""
    return f"{name!r}" + (f", row {rows[int(detail['loc'][0])]}" if rows else "")


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
        parsed = _record_list().validate_python(records, strict=True)
    except ValidationError as error:
        raise InvalidData(*_sentences(error, where)) from None
    return [vars(record) for record in parsed]


def parse_label(value: Any) -> Any:
    """Parse a true value of the target, as it comes in a request: strictly, as a record."""
    adapter = TypeAdapter(columns.target().annotation, config=schema.Record.model_config)
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as error:
        raise InvalidData(*_sentences(error, lambda _: "label")) from None


def present(column: columns.Column, values: Iterable[Any]) -> list[Any]:
    """Give the values with None for texts that mean a missing one; a choice is never missing."""
    texts = MISSING - set(map(str, column.choices))
    stripped = (value.strip() if isinstance(value, str) else value for value in values)
    return [None if value in texts else value for value in stripped]


def _parse_values(column: columns.Column, values: Iterable[Any]) -> list[Any]:
    choices, annotation = {str(choice): choice for choice in column.choices}, column.annotation
    if column.kind in ("integer", "number"):
        numbers = {float(choice): choice for choice in column.choices}
        annotation = Annotated[annotation, BeforeValidator(partial(_number, numbers))]
    list_type: Any = GenericAlias(list, annotation)
    adapter = TypeAdapter[list[Any]](list_type, config=schema.Record.model_config)
    return adapter.validate_python([choices.get(value, value) for value in present(column, values)])


def _number(choices: Mapping[float, Any], value: Any) -> Any:
    """Take 1.00 for the choice 1, and refuse 1_000, which Python reads, and 1,5."""
    if isinstance(value, str) and re.search("[_,]", value):
        raise PydanticCustomError("number", "must be a number such as 12.5, without _ or ,")
    with suppress(OverflowError, TypeError, ValueError):
        return choices.get(float(value), value)
    return value


@cache
def checked(model: type[BaseModel]) -> type[BaseModel]:
    """Give a class of `schema.py` with the types that files are checked by, limits included."""
    fields: dict[str, Any] = {
        name: (columns.of(model)[name].annotation, field)
        for name, field in model.model_fields.items()
    }
    made: Any = create_model(model.__name__, __base__=model, __doc__=model.__doc__, **fields)
    return cast(type[BaseModel], made)


@cache
def _record_list() -> TypeAdapter[list[BaseModel]]:
    record_list: Any = GenericAlias(list, checked(schema.Record))
    return TypeAdapter(record_list)


def _sentences(error: ValidationError, where: Callable[[ErrorDetails], str]) -> list[str]:
    details = error.errors(include_url=False)
    sentences = [f"{where(detail)}: {_broken_rule(detail)}" for detail in details[:SHOWN]]
    more = len(details) - SHOWN
    return [*sentences, f"and {more} more like these."] if more > 0 else sentences


def _broken_rule(detail: ErrorDetails) -> str:
    """Say the value, the rule and what to do, from one error of pydantic."""
    if detail["type"] == "missing":
        return "is missing; schema.py requires it."
    if detail["type"] == "extra_forbidden":
        fields = ", ".join(schema.Record.model_fields)
        return f"is not a field of schema.py; the fields are: {fields}."
    if detail["input"] is None:
        return "is empty or a text such as NA, but schema.py does not allow None."
    rule = detail["msg"].replace("Input should be", "must be")
    return f"{repr(detail['input'])[:80]} {rule[0].lower() + rule[1:]}."
