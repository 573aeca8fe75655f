"""What follows from `schema.py`: each column with its kind, the task, and a fingerprint."""

import hashlib
import json
import types
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app import schema
from app.errors import ConfigError

_KINDS = {float: "number", int: "integer", bool: "boolean", str: "text"}
_KINDS |= {datetime: "time", date: "time"}
_ARROW = {"number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}
_ARROW |= {"text": pa.string(), "time": pa.timestamp("us", "UTC")}


class Column(NamedTuple):
    """One field of the contract, as files, models and forms need to know it."""

    name: str
    kind: str
    choices: tuple[Any, ...]
    nullable: bool
    label: str
    minimum: float | None
    maximum: float | None
    example: Any
    annotation: Any

    @property
    def numeric(self) -> bool:
        """Say whether the model reads the column as a number, not as a category."""
        return self.kind != "text" and not self.choices


def columns(model: type[BaseModel] = schema.Example) -> dict[str, Column]:
    """Describe each field of a model, in order."""
    return {name: _column(name, field) for name, field in model.model_fields.items()}


def features() -> dict[str, Column]:
    """Describe the columns that the model may use.

    Raises
    ------
    ConfigError
        A field of `Record` is a date or a time, which a model cannot read.
    """
    found = columns(schema.Record)
    for column in found.values():
        if column.kind == "time":
            raise ConfigError(
                f"schema.py: {column.name!r} in Record is a time, which the model cannot read. "
                "Move it to Example and name it in TIME, or replace it by numbers (month, hour)."
            )
    return found


def target() -> Column:
    """Describe the column that is predicted."""
    own = [name for name in schema.Example.model_fields if name not in schema.Record.model_fields]
    for role, name in (("TARGET", schema.TARGET), ("TIME", schema.TIME or schema.TARGET)):
        if name not in own:
            raise ConfigError(
                f"schema.py: {role} is {name!r}, but it must be a field of Example "
                f"that Record does not have, one of: {', '.join(own) or 'none so far'}."
            )
    return columns()[schema.TARGET]


def task() -> Literal["classification", "regression"]:
    """Derive the task: free numbers are regressed; choices, booleans and texts are classified."""
    column = target()
    return (
        "regression" if column.numeric and column.kind in ("number", "integer") else ("classification")
    )


def fingerprint() -> str:
    """Hash the contract, so that a model is refused by a contract it was not made for."""
    text = json.dumps([schema.Example.model_json_schema(), schema.TARGET], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def arrow_schema(model: type[BaseModel] = schema.Example) -> pa.Schema:
    """Give the Arrow types of a model's columns."""
    return pa.schema([(name, _ARROW[column.kind]) for name, column in columns(model).items()])


def example_record() -> dict[str, Any]:
    """Make a record that keeps the contract, for forms, docs and first requests."""
    return {name: column.example for name, column in features().items()}


def _column(name: str, field: FieldInfo) -> Column:
    inner, nullable = _without_none(field.annotation)
    choices = get_args(inner) if get_origin(inner) is Literal else ()
    kind = _KINDS.get(type(choices[0]) if choices else inner)
    if kind is None:
        raise ConfigError(
            f"schema.py: {name!r} has the type {inner}, which is not supported. "
            "Use float, int, bool, str, datetime or Literal[...], alone or with `| None`."
        )
    limits = {
        key: getattr(rule, key)
        for rule in field.metadata
        for key in ("ge", "gt", "le", "lt")
        if getattr(rule, key, None) is not None
    }
    column = Column(
        name=name,
        kind=kind,
        choices=choices,
        nullable=nullable,
        label=field.description or name,
        minimum=limits.get("ge", limits.get("gt")),
        maximum=limits.get("le", limits.get("lt")),
        example=field.examples[0] if field.examples else None,
        annotation=Annotated[field.annotation, name, *field.metadata],
    )
    return column if field.examples else column._replace(example=_example(column))


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and whether None is allowed."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    inner = [part for part in get_args(annotation) if part is not types.NoneType]
    return (inner[0] if len(inner) == 1 else annotation), True


def _example(column: Column) -> Any:
    """Choose a value within the rules: the first choice, or the middle of the range."""
    if column.choices:
        return column.choices[0]
    if column.kind in ("text", "time", "boolean"):
        return {"text": "unknown", "time": None, "boolean": True}[column.kind]
    low = column.minimum if column.minimum is not None else (column.maximum or 2) - 2
    high = column.maximum if column.maximum is not None else low + 2
    return round((low + high) / 2, 3) if column.kind == "number" else round((low + high) / 2)
