"""The columns of `schema.py`, each with its kind; the target, the task, and a fingerprint."""

import hashlib
import json
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import pyarrow as pa
from pydantic import BaseModel

from app import schema
from app.errors import ConfigError

_ARROW = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "date-time": pa.timestamp("us", "UTC"),
}


RESERVED = {
    *("id", "prediction", "predictions", "probability", "label", "labels", "record", "share"),
    *("model_version", "predicted_at", "scored_at", "held_out"),
}
"""Columns that stand beside the features in tables of predictions."""


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
        return self.kind in ("number", "integer", "boolean") and not self.choices

    @property
    def quantity(self) -> bool:
        """Say whether the column is an amount, with a mean; a boolean and a category are none."""
        return self.numeric and self.kind != "boolean"

    @property
    def options(self) -> tuple[Any, ...]:
        """List the values that it may have, if they are few."""
        return (True, False) if self.kind == "boolean" and not self.choices else self.choices


@cache
def of(model: type[BaseModel] = schema.Example) -> dict[str, Column]:
    """Describe each field of a model, by default of `Example`, in order."""
    fields = model.model_json_schema()["properties"]
    return {name: _column(model, name, field_schema) for name, field_schema in fields.items()}


@cache
def features() -> dict[str, Column]:
    """Describe the columns that the model may use.

    Raises
    ------
    ConfigError
        A field of `Record` is a date or a time, which a model cannot read, or has a name that is
        taken.
    """
    columns = of(schema.Record)
    times = [name for name, column in columns.items() if column.kind in ("date", "date-time")]
    if times:
        raise ConfigError(
            f"schema.py: {', '.join(times)} in Record is a time, which the model cannot read. "
            "Move it to Example and name it in TIME, or replace it by numbers (month, hour)."
        )
    if taken := sorted(RESERVED & set(columns)):
        raise ConfigError(
            f"schema.py: {', '.join(taken)} in Record is a name that tables of predictions use: "
            "rename it there and in the header of your file."
        )
    return columns


def target() -> Column:
    """Describe the column that is predicted."""
    own = [name for name in of() if name not in of(schema.Record)]
    for role, name in (("TARGET", schema.TARGET), ("TIME", schema.TIME or schema.TARGET)):
        if name not in own:
            raise ConfigError(
                f"schema.py: {role} is {name!r}, but it must be a field of Example "
                f"that Record does not have, one of: {', '.join(own) or 'none so far'}."
            )
    return of()[schema.TARGET]


def task() -> Literal["classification", "regression"]:
    """Derive the task: free numbers are regressed; choices, booleans and texts are classified."""
    return "regression" if target().quantity else "classification"


def fingerprint() -> str:
    """Hash the contract, so that a model is refused by a contract it was not made for."""
    text = json.dumps([schema.Example.model_json_schema(), schema.TARGET], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def arrow_schema(model: type[BaseModel] = schema.Example) -> pa.Schema:
    """Give the Arrow types of a model's columns."""
    return pa.schema([(name, _ARROW[column.kind]) for name, column in of(model).items()])


def example_record() -> dict[str, Any]:
    """Make a record that keeps the contract, for forms, docs and first requests."""
    return {name: column.example for name, column in features().items()}


def _column(model: type[BaseModel], name: str, field_schema: dict[str, Any]) -> Column:
    """Read one field from the model's JSON schema."""
    kinds = field_schema.get("anyOf", [field_schema])
    types = [part for part in kinds if part.get("type") != "null"]
    part = types[0] if len(types) == 1 else {}
    kind = part.get("format", part.get("type"))
    if kind not in _ARROW:
        raise ConfigError(
            f"schema.py: the type of {name!r} is not supported. Use float, int, bool, str, "
            "datetime or Literal[...] of one type, alone or with `| None`."
        )
    choices = tuple(part.get("enum", [part["const"]] if "const" in part else []))
    low = part.get("minimum", part.get("exclusiveMinimum"))
    high = part.get("maximum", part.get("exclusiveMaximum"))
    examples = field_schema.get("examples") or [_example(kind, choices, low, high)]
    field = model.model_fields[name]
    label, nullable = field_schema.get("description", name), "anyOf" in field_schema
    annotation: Any = Annotated[field.annotation, name, *field.metadata]
    return Column(name, kind, choices, nullable, label, low, high, examples[0], annotation)


def _example(kind: str, choices: tuple[Any, ...], low: float | None, high: float | None) -> Any:
    """Choose a value within the rules: the first choice, or the middle of the range."""
    if choices or kind in ("string", "date", "date-time", "boolean"):
        return choices[0] if choices else {"string": "unknown", "boolean": True}.get(kind)
    bottom = low if low is not None else (high or 2) - 2
    middle = (bottom + (high if high is not None else bottom + 2)) / 2
    return round(middle) if kind == "integer" else round(middle, 3)
