"""Bring stored records to today's format, and have the gate judge them again.

Runs in a project, by `mlsd convert`, with the project's own Python and settings.
"""

import json
import logging

from app.__main__ import guarded
from app.errors import NotFound
from app.registry import records, versions
from app.registry.records import Evaluation, VersionRecord
from app.storage import open_storage
from app.training import gate

_log = logging.getLogger(__name__)


def main() -> None:
    """Convert the records of all versions; those of today's format stay as they are.

    The old text of each stays beside it, as `record.format-1.json`.
    """
    for version in versions.versions():
        converted = _convert(VersionRecord, versions.key_of(version, "record.json"))
        for name in ("evaluation.json", "passed.json"):
            converted |= _convert_evaluation(versions.key_of(version, name))
        _log.info("%s %s", version, "is converted" if converted else "has today's format already")


def _convert_evaluation(key: str) -> bool:
    try:
        converted = _convert(Evaluation, key)
    except NotFound:
        return False
    evaluation = records.parse(Evaluation, open_storage().get(key).data, key)
    if converted and evaluation.reasons is not None:
        reasons = gate.judge(evaluation)
        content = evaluation.model_copy(update={"reasons": reasons}).to_json()
        open_storage().put(key, content)
        _log.info("%s: the gate %s", key, f"refuses: {' '.join(reasons)}" if reasons else "agrees")
    return converted


def _convert(kind: type[records.Kind], key: str) -> bool:
    """Convert one object; say whether it was of an older format."""
    blob = open_storage().get(key)
    fields = json.loads(blob.data)
    written = fields.get("format", 1)
    if written >= records.FORMAT:
        return False
    for number in range(written, records.FORMAT):
        fields = _STEPS[number](kind.__name__, fields) | {"format": number + 1}
    content = records.parse(kind, json.dumps(fields).encode(), key).to_json()
    open_storage().put(f"{key.removesuffix('.json')}.format-{written}.json", blob.data)
    open_storage().put(key, content, generation=blob.generation)
    return True


def _from_1(kind: str, fields: dict) -> dict:
    """Store the name of the main metric, which is the first; call `versions` `libraries`."""
    if kind == "VersionRecord":
        return {"libraries" if name == "versions" else name: v for name, v in fields.items()}
    metric = next(iter(fields["model"]))
    return {"importance": {}, "against": None} | fields | {"metric": metric}


_STEPS = {1: _from_1}
"""The step from each format to the next."""

if __name__ == "__main__":
    guarded(main)
