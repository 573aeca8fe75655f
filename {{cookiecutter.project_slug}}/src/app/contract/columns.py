"""The columns of `schema.py`, each with its kind; the target, the task, and a fingerprint."""

import hashlib
import json
import re
from functools import cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from unicodedata import combining, normalize

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from app import schema
from app.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

_KINDS = ("number", "integer", "boolean", "string", "date", "date-time")

_LIMITS = {"number": (-3.4028234e38, 3.4028234e38), "integer": (-(2**63), 2**63 - 1)}
"""What a model reads as float32, and a table keeps in 64 bits."""

_LETTERS = str.maketrans({"µ": "u", "μ": "u", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"})


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
    return {name: describe(model, name) for name in model.model_fields}


@cache
def features() -> dict[str, Column]:
    """Describe the columns that the model may use."""
    return of(schema.Record)


def target() -> Column:
    """Describe the column that is predicted."""
    return of()[schema.TARGET]


def role(name: Literal["TIME", "KEY", "GROUP"]) -> str | None:
    """Name the column that has a role, if `schema.py` gives it to one."""
    return getattr(schema, name, None)


def identifier(header: str) -> str:
    """Give the name that a header has in `schema.py`: `body_mass_g` for `Body Mass (g)`.

    It is empty, or not all ASCII, for a header without Latin letters.
    """
    plain = normalize("NFKD", header.translate(_LETTERS)).lower()
    word = re.sub(r"\W+", "_", "".join(c for c in plain if not combining(c))).strip("_")
    if iskeyword(word) or hasattr(BaseModel, word):
        return f"{word}_"
    return f"column_{word}" if word[:1].isdigit() else word


def task() -> Literal["classification", "regression"]:
    """Derive the task: free numbers are regressed; choices, booleans and texts are classified."""
    return "regression" if target().quantity else "classification"


def fingerprint() -> str:
    """Hash what a model needs of the contract: names, kinds, choices and their order."""
    needed = [[c.name, c.kind, c.choices, c.nullable] for c in (*features().values(), target())]
    return hashlib.sha256(json.dumps(needed).encode()).hexdigest()[:12]


def arrow_schema(model: type[BaseModel] = schema.Example) -> "pa.Schema":
    """Give the Arrow types of a model's columns."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel # who predicts does without

    time = pa.timestamp("us", "UTC")
    types = pa.float64(), pa.int64(), pa.bool_(), pa.string(), pa.date32(), time
    type_of = dict(zip(_KINDS, types, strict=True))
    return pa.schema([(name, type_of[column.kind]) for name, column in of(model).items()])


def example_record() -> dict[str, Any]:
    """Make a record that keeps the contract, for forms, docs and first requests."""
    return {name: column.example for name, column in features().items()}


def describe(model: type[BaseModel], name: str) -> Column:
    """Describe one field; `ConfigError` if no table can hold its type."""
    field_schema = model.model_json_schema(by_alias=False)["properties"][name]
    kinds = field_schema.get("anyOf", [field_schema])
    types = [part for part in kinds if part.get("type") != "null"]
    part = types[0] if len(types) == 1 else {}
    kind = part.get("format", part.get("type"))
    if kind not in _KINDS:
        raise ConfigError(
            "the type is not supported: use float, int, bool, str, date, datetime or "
            "Literal[...] of one type, alone or with `| None`."
        )
    choices = tuple(part.get("enum", [part["const"]] if "const" in part else []))
    low = part.get("minimum", part.get("exclusiveMinimum"))
    high = part.get("maximum", part.get("exclusiveMaximum"))
    examples = field_schema.get("examples") or [_example(kind, choices, low, high)]
    label, nullable = field_schema.get("description", name), "anyOf" in field_schema
    plain = Column(name, kind, choices, nullable, label, low, high, examples[0], None)
    return plain._replace(annotation=_checked(plain, model.model_fields[name]))


def _checked(column: Column, field: FieldInfo) -> Any:
    """Give the type of a field with its own rules, and with those that hold for all of a kind."""
    checks: list[Any] = [column.name, *field.metadata]
    if column.kind in _LIMITS and not column.choices:
        (least, most), own = _LIMITS[column.kind], (column.minimum, column.maximum)
        checks += [Field(ge=least)] if own[0] is None else []
        checks += [Field(le=most)] if own[1] is None else []
    if column.kind in _PREPARE:
        checks.append(BeforeValidator(_PREPARE[column.kind]))
    return Annotated[field.annotation, *checks]


def _example(kind: str, choices: tuple[Any, ...], low: float | None, high: float | None) -> Any:
    """Choose a value within the rules: the first choice, or the middle of the range."""
    if choices or kind in ("string", "date", "date-time", "boolean"):
        return choices[0] if choices else {"string": "unknown", "boolean": True}.get(kind)
    bottom = low if low is not None else (2 if high is None else high) - 2
    top = high if high is not None else bottom + 2
    middle = (bottom + top) / 2
    short = round(middle, 3)
    return round(middle) if kind == "integer" else short if bottom < short < top else middle


def _whole(value: Any) -> Any:
    """Make 1.0 the whole number 1: JSON and spreadsheets have one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+\.0+", value):
        return value.partition(".")[0]
    return value


def _iso(value: Any) -> Any:
    """Refuse digits, which would be seconds since 1970, and days that stand before months."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d(?!\d)", value):
        raise PydanticCustomError("iso", "must be a date or time in ISO 8601, as in 2024-01-31")
    return value


_PREPARE = {"integer": _whole, "boolean": _whole, "date": _iso, "date-time": _iso}
