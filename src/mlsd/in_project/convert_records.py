"""Bring stored records to today's format, and have the gate judge them again.

Runs in a project, by `mlsd convert`, with the project's own Python and settings.
"""

import hashlib
import io
import json
import logging

import pyarrow.parquet as pq
from app import schema
from app.__main__ import guarded
from app.contract import columns
from app.data import split
from app.errors import ModelRefused, NotFound
from app.registry import records, versions
from app.registry.records import Evaluation, VersionRecord
from app.storage import open_storage
from app.training import gate
from app.training.onnx_inputs import join_numbers
from pydantic import ValidationError

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
    version = key.split("/")[1]
    for number in range(written, records.FORMAT):
        fields = _STEPS[number](kind.__name__, fields, version) | {"format": number + 1}
    try:
        content = kind.model_validate(fields).to_json()
    except ValidationError as error:
        raise ModelRefused(f"{key} is broken, so it cannot be converted: {error}") from None
    open_storage().put(f"{key.removesuffix('.json')}.format-{written}.json", blob.data)
    open_storage().put(key, content, generation=blob.generation)
    return True


def _from_1(kind: str, fields: dict, _version: str) -> dict:
    """Store the name of the main metric, which is the first; call `versions` `libraries`."""
    if kind == "VersionRecord":
        return {"libraries" if name == "versions" else name: v for name, v in fields.items()}
    metric = next(iter(fields["model"]))
    return {"importance": {}, "against": None} | fields | {"metric": metric}


def _from_2(kind: str, fields: dict, version: str) -> dict:
    """Say what a version learnt from; an evaluation gets what the gate asks for since."""
    if kind == "VersionRecord":
        if fields["contract"] == _contract_of_2():
            fields = fields | {"contract": columns.fingerprint()}
        return fields | {"data": fields["data"] | _learnt(version, fields["data"]["rows"])}
    metric, champion = fields["metric"], fields["champion"]
    if champion is not None:  # how many rows it was, format 2 did not count
        beside = {"version": fields["against"] or "", "rows": 0, "model": fields["model"]}
        champion = beside | {"champion": champion}
    added = {"data": versions.record_of(version).data.fingerprint, "champion": champion}
    added |= {"baseline_name": "the baseline", "recalls": {}, "twins": 0.0}
    return fields | added | {"gaps": fields["baseline"][metric]}


def _contract_of_2() -> str:
    """Hash the contract as format 2 did: a description counted, too."""
    text = json.dumps([schema.Example.model_json_schema(), schema.TARGET], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _learnt(version: str, rows: int) -> dict:
    """Count what a version learnt from, by its reference, if that holds all its examples."""
    content = versions.reference_of(version)
    kept = split.to_frame(pq.read_table(io.BytesIO(content))) if content else None
    if kept is None or len(kept) != rows:
        return {"learnt": 0, "split": "an older version of the template"}
    learnt = kept[~kept["held_out"].astype(bool)]
    until = learnt[schema.TIME].max() if schema.TIME else None
    return {"learnt": len(learnt), "split": split.rule(kept), "learnt_until": until}


def _from_3(kind: str, fields: dict, version: str) -> dict:
    """Give all numbers of a model as one input, which makes it another file."""
    if kind == "VersionRecord":
        return fields | {"sha256": _join_numbers(version, fields["sha256"])}
    return fields


def _join_numbers(version: str, known: str) -> str:
    """Convert a model, unless it is so already because a former run ended here; give its hash."""
    storage, key = open_storage(), versions.key_of(version, "model.onnx")
    old = storage.get(key)
    new = join_numbers(old.data)
    if new != old.data:
        if hashlib.sha256(old.data).hexdigest() != known:
            raise ModelRefused(f"{key} is corrupt, so it cannot be converted: delete {version}.")
        storage.put(key.replace("model.onnx", "model.format-3.onnx"), old.data)
        storage.put(key, new, generation=old.generation)
    return hashlib.sha256(new).hexdigest()


_STEPS = {1: _from_1, 2: _from_2, 3: _from_3}
"""The step from each format to the next."""

if __name__ == "__main__":
    guarded(main)
