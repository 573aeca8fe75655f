"""Write into `openapi.yaml` what follows from `schema.py`, or check that it is there.

`uv run poe openapi` writes; `--check`, as `uv run poe check` calls it, refuses a file that differs.
"""

import sys
from typing import Any

import yaml

from app import schema
from app.__main__ import guarded
from app.api import spec
from app.contract import columns, parsing
from app.errors import ConfigError


def main() -> None:
    """Write, or check."""
    task = check if "--check" in sys.argv else write
    task()


def write() -> None:
    """Write the records, the answers and the examples of `schema.py` into the specification."""
    spec.FILE.write_text(_build(), encoding="utf-8", newline="\n")
    print(f"{spec.FILE} follows from schema.py again")


def check() -> None:
    """Refuse a specification that differs from `schema.py`, or from the handlers.

    Raises
    ------
    ConfigError
        The specification differs.
    """
    if spec.FILE.read_text(encoding="utf-8") != _build():
        name = spec.FILE.name
        raise ConfigError(f"{name} does not follow from schema.py: run `uv run poe openapi`.")
    list(spec.operations())


def _build() -> str:
    content = spec.load()
    content["info"]["description"] = (schema.Record.__doc__ or "").strip()
    content["components"]["schemas"] |= {
        "Record": parsing.checked(schema.Record).model_json_schema(),
        "Label": _target() | {"description": columns.target().label},
        "Prediction": _prediction(),
    }
    content["components"]["schemas"]["Records"]["anyOf"][1]["maxItems"] = parsing.RECORDS
    content["components"]["examples"]["Record"]["value"] = columns.example_record()
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def _target() -> dict[str, Any]:
    properties: dict[str, Any] = parsing.checked(schema.Example).model_json_schema()["properties"]
    return dict(properties[schema.TARGET])


def _prediction() -> dict[str, Any]:
    """Describe an answer: a free number for a regression, else a class with probabilities."""
    fields: dict[str, Any] = {"id": {"type": "string"}, "prediction": {"type": "number"}}
    probability: dict[str, Any] = {"type": "null"}
    probabilities = dict(probability)
    if columns.task() == "classification":
        fields["prediction"] = _target()
        probability = {"type": "number", "minimum": 0, "maximum": 1.000001}  # float32 rounds
        probabilities = {"type": "object", "additionalProperties": dict(probability)}
    fields |= {"probability": probability, "probabilities": probabilities}
    return {"type": "object", "required": list(fields), "properties": fields}


if __name__ == "__main__":
    guarded(main)
