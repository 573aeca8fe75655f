"""Versions of the model, which never change, and the pointer to the champion."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.errors import ConfigError, Conflict, GateFailed, ModelRefused, NotFound
from app.registry import predictor, records
from app.storage import get_json, open_storage

CHAMPION = "champion.json"
_STAMP = "%Y%m%dT%H%M%S%f"
_log = logging.getLogger(__name__)


class Champion(NamedTuple):
    """Who has been champion, the present one last, and the pointer's generation."""

    history: list[str]
    generation: int

    @property
    def version(self) -> str | None:
        """Give the present champion, None before the first promotion."""
        return self.history[-1] if self.history else None


def register(model: bytes, record: records.VersionRecord, reference: bytes = b"") -> str:
    """Store a model, what it learnt from and its record as a new version; give its name."""
    version = f"{_later_than(versions())}-{record.sha256[:8]}"
    content = record.model_copy(update={"version": version}).to_json()
    storage = open_storage()
    storage.put(key_of(version, "model.onnx"), model, generation=0)
    storage.put(key_of(version, "reference.parquet"), reference, generation=0)
    storage.put(key_of(version, "record.json"), content, generation=0)
    return version


def versions() -> list[str]:
    """List the versions, oldest first."""
    keys = open_storage().keys("models/")
    return [key.split("/")[1] for key in keys if key.endswith("/record.json")]


def time_of(version: str) -> datetime:
    """Give when a version was registered, in UTC, from its name."""
    return datetime.strptime(version.partition("-")[0], _STAMP)


def newest() -> str:
    """Give the version that was trained last."""
    registered = versions()
    if not registered:
        raise NotFound("there is no trained model yet: run `uv run poe train`.")
    return registered[-1]


def record_of(version: str) -> records.VersionRecord:
    """Read where a version comes from: data, contract, parameters, libraries, hash."""
    key = key_of(version, "record.json")
    return records.parse(records.VersionRecord, open_storage().get(key).data, key)


def model_of(version: str) -> bytes:
    """Read the ONNX file of a version."""
    return open_storage().get(key_of(version, "model.onnx")).data


def reference_of(version: str) -> bytes:
    """Read the examples that a version was made with, as `reference` wrote them."""
    return open_storage().get(key_of(version, "reference.parquet")).data


def load(version: str) -> predictor.Predictor:
    """Load a version; refused if its name, file or contract differs from its record."""
    record = record_of(version)
    if record.version != version:
        raise ModelRefused(f"model {version} is refused: its record is that of {record.version}.")
    return predictor.Predictor(model_of(version), record)


def load_passed(version: str) -> predictor.Predictor:
    """Load a version that the gate let pass; `GateFailed` if it did not.

    What made it champion once holds for ever: to evaluate it again, on other data, changes
    nothing of what is served.
    """
    key = key_of(version, "passed.json")
    try:
        evaluation = records.parse(records.Evaluation, open_storage().get(key).data, key)
    except NotFound:
        evaluation = evaluation_of(version)
    require_passed(version, evaluation)
    return load(version)


def add_evaluation(version: str, evaluation: records.Evaluation) -> None:
    """Store an evaluation beside the version that it is of."""
    open_storage().put(key_of(version, "evaluation.json"), evaluation.to_json())


def add_verdict(version: str, reasons: list[str], accepted: str = "") -> None:
    """Store the gate's reasons against a version; an empty list lets it pass.

    `accepted` is why a person lets it pass in spite of suspicions.
    """
    verdict = {"reasons": reasons, "accepted": accepted}
    add_evaluation(version, evaluation_of(version).model_copy(update=verdict))


def find_evaluation(version: str) -> records.Evaluation | None:
    """Read the last evaluation of a version, with the gate's reasons if it was judged."""
    key = key_of(version, "evaluation.json")
    try:
        return records.parse(records.Evaluation, open_storage().get(key).data, key)
    except NotFound:
        return None


def evaluation_of(version: str) -> records.Evaluation:
    """Read the last evaluation of a version; `GateFailed` if it was not evaluated."""
    if evaluation := find_evaluation(version):
        return evaluation
    raise GateFailed(f"{version} was not evaluated: run `uv run poe evaluate` first.")


def require_passed(version: str, evaluation: records.Evaluation) -> None:
    """Refuse a version that the gate did not let pass, or an evaluation of another file."""
    if evaluation.reasons is None:
        raise GateFailed(f"{version} was not judged: run `uv run poe gate` first.")
    record = record_of(version)
    if (evaluation.sha256, evaluation.data) != (record.sha256, record.data.fingerprint):
        raise GateFailed(f"{version} did not pass the gate: its evaluation is of another model.")
    if evaluation.reasons:
        raise GateFailed(f"{version} did not pass the gate:", *evaluation.reasons)


def add_tuning(record: dict[str, Any]) -> str:
    """Store what a search tried and chose, and return its name."""
    name = f"{datetime.now(UTC):{_STAMP}}"
    open_storage().put(f"tuning/{name}.json", json.dumps(record, indent=2).encode(), generation=0)
    return name


def tuning_of(name: str) -> dict[str, Any]:
    """Read what a search tried and chose: `chosen` and `tried`, hyper-parameters by name."""
    return dict(get_json(f"tuning/{name}.json", dict[str, Any])[0])


def champion() -> Champion:
    """Read who is champion."""
    try:
        pointer, generation = get_json(CHAMPION, dict[str, list[str]])
    except NotFound:
        return Champion([], 0)
    return Champion(pointer.get("history", []), generation)


def load_champion(present: predictor.Predictor | None = None) -> predictor.Predictor:
    """Load the champion; `present` is given back if it is still the champion.

    Raises
    ------
    ModelRefused
        There is none yet, it differs from its record, or the gate did not pass this very model.
    """
    version = champion().version
    if version is None:
        raise ModelRefused("there is no champion yet: run `uv run poe demo`, or each stage.")
    if present is not None and present.version == version:
        return present
    try:
        return load_passed(version)
    except (GateFailed, NotFound) as error:
        raise ModelRefused(f"champion {version} is refused:", *error.problems) from None


def appoint(version: str, evaluation: records.Evaluation, current: Champion) -> None:
    """Make a version the champion, and keep the evaluation that made it so.

    Raises
    ------
    Conflict
        Somebody else promoted at the same moment; the champion stays.
    """
    with suppress(Conflict):  # it was champion before
        content = evaluation.to_json()
        open_storage().put(key_of(version, "passed.json"), content, generation=0)
    point_to([*current.history, version], current.generation)


def point_to(history: list[str], generation: int) -> None:
    """Move the pointer to the champion; `Conflict` if somebody else did meanwhile."""
    content = json.dumps({"history": history}, indent=2).encode()
    open_storage().put(CHAMPION, content, generation=generation)


def rollback() -> None:
    """Make the former champion the champion again."""
    current = champion()
    if len(current.history) < 2:
        raise NotFound("there is no former champion to go back to.")
    load_passed(current.history[-2])
    point_to(current.history[:-1], current.generation)
    _log.info("%s is the champion again", current.history[-2])


def prune(keep: str = "10") -> list[str]:
    """Delete old versions, but neither the newest `keep` nor any that was champion; list them."""
    if not (keep.isascii() and keep.isdigit() and int(keep)):
        raise ConfigError(f"prune {keep}: say how many versions to keep, 1 or more.")
    storage, kept = open_storage(), {*versions()[-int(keep) :], *champion().history}
    old = [version for version in versions() if version not in kept]
    deleted = [version for version in old if not storage.keys(key_of(version, "passed.json"))]
    for version in deleted:
        keys = storage.keys(key_of(version, ""))
        for key in sorted(keys, key=lambda key: not key.endswith("record.json")):
            storage.remove(key)
    _log.info("%d versions deleted, %d kept", len(deleted), len(versions()))
    return deleted


def _later_than(names: list[str]) -> str:
    """Give a time for a new name: now, or just after the newest if the clock went back."""
    now, newest_name = f"{datetime.now(UTC):{_STAMP}}", names[-1] if names else ""
    if now > newest_name:
        return now
    return f"{time_of(newest_name) + timedelta(microseconds=1):{_STAMP}}"


def key_of(version: str, name: str) -> str:
    """Give the key of an object of a version, such as `record.json`."""
    return f"models/{version}/{name}"
