"""The contract of the API, `openapi.yaml`: its routes are written there, its records come from
`schema.py`.

`uv run poe openapi` rewrites the parts that follow from `schema.py`; `uv run poe check` refuses
a file that differs from them.
"""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from werkzeug.utils import import_string

from app import contract, parsing, schema
from app.errors import ConfigError

FILE = Path(__file__).with_name("openapi.yaml")
_log = logging.getLogger(__name__)


class Operation(NamedTuple):
    """A method of a path, and the function that answers it."""

    path: str
    method: str
    name: str
    function: Callable[..., Any]


def operations() -> Iterator[Operation]:
    """List what the contract offers; each operation names its function."""
    for path, methods in load()["paths"].items():
        for method, told in methods.items():
            name = told["operationId"]
            yield Operation(path, method.upper(), name.split(".")[-1], import_string(name))


def load() -> dict[str, Any]:
    """Read the contract; other files of this folder may add paths to it."""
    spec = _read(FILE)
    for file in sorted(FILE.parent.glob("*.yaml")):
        spec["paths"] |= _read(file)["paths"]
    return spec


@cache
def text() -> str:
    """Give the contract as a text."""
    return _dump(load())


def main() -> None:
    """Write the records, the answers and the examples of `schema.py` into the contract."""
    FILE.write_text(_build(), encoding="utf-8", newline="\n")
    _log.info("%s follows from schema.py again", FILE)


def check() -> None:
    """Refuse a contract that differs from `schema.py`.

    Raises
    ------
    ConfigError
        It differs.
    """
    if FILE.read_text(encoding="utf-8") != _build():
        raise ConfigError(f"{FILE.name} does not follow from schema.py: run `uv run poe openapi`.")


def _build() -> str:
    spec = _read(FILE)
    spec["info"]["description"] = (schema.Record.__doc__ or "").strip()
    spec["components"]["schemas"] |= {
        "Record": schema.Record.model_json_schema(),
        "Label": _target() | {"description": contract.target().label},
        "Prediction": _prediction(),
    }
    spec["components"]["schemas"]["Records"]["anyOf"][1]["maxItems"] = parsing.RECORDS
    spec["components"]["examples"]["Record"]["value"] = contract.example_record()
    return _dump(spec)


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content


def _dump(spec: dict[str, Any]) -> str:
    told: str = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=100)
    return told


def _target() -> dict[str, Any]:
    told: dict[str, Any] = schema.Example.model_json_schema()["properties"][schema.TARGET]
    return told


def _prediction() -> dict[str, Any]:
    """Describe an answer: a free number for a regression, else a class with probabilities."""
    found: dict[str, Any] = {"id": {"type": "string"}, "prediction": {"type": "number"}}
    share: dict[str, Any] = {"type": "null"}
    probabilities = dict(share)
    if contract.task() == "classification":
        found["prediction"] = _target()
        share = {"type": "number", "minimum": 0, "maximum": 1.000001}  # float32 rounds
        probabilities = {"type": "object", "additionalProperties": dict(share)}
    found |= {"probability": share, "probabilities": dict(probabilities)}
    return {"type": "object", "required": list(found), "properties": found}
