"""The rules for `schema.py` itself: all are checked before anything else, and told together."""
# pylint: disable=import-outside-toplevel # what reads schema.py is imported after it was checked

import importlib
import traceback
import warnings
from collections.abc import Iterator
from inspect import isclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PydanticUserError, ValidationError

from app.errors import ConfigError

RESERVED = {
    *("id", "prediction", "predictions", "probability", "label", "labels", "record", "share"),
    *("model_version", "predicted_at", "scored_at", "held_out"),
}
"""Columns that stand beside the features in tables of predictions."""

WHOLE = 2**53 - 1
"""The largest whole number that forms and JSON keep exactly."""

_TIMES = ("date", "date-time")


def require_valid() -> None:
    """Refuse a `schema.py` that cannot be used.

    Raises
    ------
    ConfigError
        With a sentence for each rule that it breaks.
    """
    schema = _load()
    for rules in (_of_classes, _of_validators, _of_fields, _of_the_example):
        if problems := [f"schema.py: {problem}" for problem in rules(schema)]:
            raise ConfigError(*problems)


def _load() -> Any:
    """Import it; whatever Python or pydantic says is told in one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a name that BaseModel has is told below
            return importlib.import_module("app.schema")
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f.lineno for f in frames if Path(f.filename).parts[-2:] == ("app", "schema.py")]
        line = getattr(error, "lineno", None) or (own[-1] if own else "?")
        why = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"schema.py, line {line}: {type(error).__name__}: {why}. Mend this line first."
        ) from error


def _of_classes(schema: Any) -> Iterator[str]:
    """Say what is missing, or of a wrong kind."""
    for name, base in (("Record", BaseModel), ("Example", getattr(schema, "Record", None))):
        made = getattr(schema, name, None)
        bases = [base for base in (BaseModel, base) if isclass(base)]
        if not (isclass(made) and len(bases) == 2 and all(issubclass(made, b) for b in bases)):
            parent = "BaseModel" if base is BaseModel else "Record"
            yield f"it needs a class {name} that inherits from {parent}."
        elif not getattr(made, "model_fields", None):
            yield f"{name} has no field: a model needs at least one."
        elif getattr(made, "model_config", {}).get("strict"):
            yield f"{name} is strict, which refuses the texts of a file: remove `strict`."
    if not hasattr(schema, "TARGET"):
        yield "it has no TARGET: name the field of Example that is predicted."


def _of_fields(schema: Any) -> Iterator[str]:
    """Say which field has a name, type or role that cannot be."""
    from app.contract import columns

    described = {}
    for name in schema.Example.model_fields:
        try:
            described[name] = columns.describe(schema.Example, name)
        except (ConfigError, PydanticUserError) as error:
            yield f"{name!r}: {error}"
    for name, column in described.items():
        yield from _of_name(schema, name, columns.identifier(name))
        yield from _of_values(column, feature=name in schema.Record.model_fields)
    for role in ("TARGET", "TIME", "KEY", "GROUP"):
        yield from _of_role(schema, role, described)
    if getattr(schema, "TIME", None) and getattr(schema, "GROUP", None):
        yield "TIME and GROUP both say what is held out: set one of them to None."


def _of_validators(schema: Any) -> Iterator[str]:
    """Say which rules a file would pass by."""
    found = schema.Example.__pydantic_decorators__
    kinds = (found.field_validators, found.model_validators, found.validators)
    for name in [name for kind in (*kinds, found.root_validators) for name in kind]:
        yield (
            f"{name}() is a validator, which files do not pass through: put it into the type of "
            "a field, as in Annotated[int, AfterValidator(check)]."
        )


def _of_name(schema: Any, name: str, read: str) -> Iterator[str]:
    """Say what is wrong with a name; `read` is how a header of this name is read."""
    feature = name in schema.Record.model_fields
    taken = RESERVED if feature or name == schema.TARGET else {"prediction", "held_out"}
    if name != read or not name.isascii():
        proposed = repr(read) if read and read.isascii() else "in Latin letters"
        yield f"{name!r} is not how a header is read: name the field {proposed}."
    field = schema.Example.model_fields[name]
    if field.alias or field.validation_alias:
        yield f"{name!r} has an alias, which tables do not know: name the field as in the file."
    if isinstance(odd := field.json_schema_extra, dict) and odd:
        yield f"{name!r}: Field has no argument {min(odd)!r}; it has ge, gt, le, lt, description."
    if name in taken:
        yield f"{name!r} is a name that tables of predictions use: rename it, and in your file."


def _of_values(column: Any, *, feature: bool) -> Iterator[str]:
    """Say which values cannot be: those that a model cannot read, or a file not hold."""
    name = column.name
    if feature and column.kind in _TIMES:
        yield (
            f"{name!r} in Record is a time, which the model cannot read: move it to Example "
            "and name it in TIME, or replace it by numbers (month, hour)."
        )
    if odd := [c for c in column.choices if isinstance(c, str) and (c != c.strip() or not c)]:
        yield f"{name!r} has the choice {odd[0]!r}: a file's cells are read without spaces around."
    if None not in (column.minimum, column.maximum) and column.minimum > column.maximum:
        yield f"{name!r} has no value from {column.minimum} to {column.maximum}: swap the bounds."
    bounds = [n for n in (column.minimum, column.maximum) if n is not None and abs(n) > WHOLE]
    if bounds and column.kind == "integer":
        yield f"{name!r} has the bound {bounds[0]}, but forms count to {WHOLE}: leave it out."


def _of_role(schema: Any, role: str, described: dict[str, Any]) -> Iterator[str]:
    """Say why what TARGET, TIME, KEY or GROUP names cannot have this role."""
    features, name = schema.Record.model_fields, getattr(schema, role, None)
    taken = [*features, *([] if role == "TARGET" else [getattr(schema, "TARGET", None)])]
    own = [n for n in schema.Example.model_fields if n not in taken]
    if not isinstance(name, str):
        if name is not None or role == "TARGET":
            yield f"{role} is {name!r}: name one column; of two, make one in your file."
    elif name not in schema.Example.model_fields or (name in features and role != "GROUP"):
        yield (
            f"{role} is {name!r}, but it must be a field of Example that Record does not have, "
            f"one of: {', '.join(own) or 'none so far'}."
        )
    elif name in described:  # otherwise its type is told
        yield from _of_holder(schema, role, described[name])


def _of_holder(schema: Any, role: str, column: Any) -> Iterator[str]:
    """Say why a column cannot have a role."""
    name = column.name
    if role == "TARGET" and column.kind in _TIMES:
        yield f"TARGET is {name!r}, a time, which no model predicts: predict a number of days."
    elif role == "TIME" and column.kind not in _TIMES:
        yield f"TIME is {name!r}, which is no time: give it the type datetime or date."
    elif role != "TARGET" and (name == schema.TARGET or column.nullable):
        yield f"{role} is {name!r}: it must not be the TARGET, and each row needs it (no None)."


def _of_the_example(schema: Any) -> Iterator[str]:
    """Say which field needs an example of its own: the middle of its range breaks a rule."""
    from app.contract import columns

    try:
        fields = schema.Record.model_fields
        schema.Record.model_validate(
            {n: columns.describe(schema.Record, n).example for n in fields}
        )
    except ValidationError as error:
        for detail in error.errors():
            name, value = detail["loc"][0] if detail["loc"] else "Record", detail["input"]
            yield f"{name!r}: {value!r} breaks a rule: {detail['msg']}. Give it examples=[...]."
    except Exception as error:  # pylint: disable=broad-exception-caught # a rule of a team's own
        yield f"a rule of a type raises {error!r} for an example: let it raise ValueError."
