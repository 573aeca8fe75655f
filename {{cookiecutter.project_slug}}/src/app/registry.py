"""Versions of the model, which never change, and the pointer to the champion."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.errors import ConfigError, Conflict, GateFailed, ModelRefused, NotFound
from app.predict import Predictor
from app.storage import open_storage

CHAMPION = "champion.json"
_log = logging.getLogger(__name__)

Record = dict[str, Any]


class Champion(NamedTuple):
    """Who has been champion, the present one last, and the pointer's generation."""

    history: list[str]
    generation: int

    @property
    def version(self) -> str | None:
        """Give the present champion, None before the first promotion."""
        return self.history[-1] if self.history else None


def register(model: bytes, record: Record, reference: bytes = b"") -> str:
    """Store a model, what it learnt from and its record as a new version; give its name."""
    version = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{record['sha256'][:8]}"
    storage = open_storage()
    storage.put(_key(version, "model.onnx"), model, generation=0)
    storage.put(_key(version, "reference.parquet"), reference, generation=0)
    storage.put(_key(version, "record.json"), _to_json(record | {"version": version}), generation=0)
    return version


def versions() -> list[str]:
    """List the versions, oldest first."""
    keys = open_storage().keys("models/")
    return [key.split("/")[1] for key in keys if key.endswith("/record.json")]


def newest() -> str:
    """Give the version that was trained last."""
    found = versions()
    if not found:
        raise NotFound("there is no trained model yet: run `uv run poe train`.")
    return found[-1]


def record_of(version: str) -> Record:
    """Read what is known of a version: data, contract, parameters, libraries, hash."""
    return _read(_key(version, "record.json"))


def reference_of(version: str) -> bytes:
    """Read the examples that a version was made with, as `reference` wrote them."""
    return open_storage().get(_key(version, "reference.parquet")).data


def load(version: str) -> Predictor:
    """Load a version; refused if its name, file or contract differs from its record."""
    record = record_of(version)
    if record["version"] != version:
        raise ModelRefused(
            f"model {version} is refused: its record is that of {record['version']}."
        )
    return Predictor(open_storage().get(_key(version, "model.onnx")).data, record)


def load_passed(version: str) -> Predictor:
    """Load a version that the gate let pass; `GateFailed` if it did not.

    What made it champion once holds for ever: to evaluate it again, on other data, changes
    nothing of what is served.
    """
    try:
        _require_passed(version, _read(_key(version, "passed.json")))
    except NotFound:
        _require_passed(version, evaluation_of(version))
    return load(version)


def add_evaluation(version: str, evaluation: Record) -> None:
    """Store an evaluation beside the version that it is of; the gate has not judged it yet."""
    judged = {"sha256": record_of(version)["sha256"]}
    open_storage().put(_key(version, "evaluation.json"), _to_json(evaluation | judged))


def add_verdict(version: str, reasons: list[str]) -> None:
    """Store the gate's reasons against a version; none lets it pass."""
    judged = evaluation_of(version) | {"reasons": reasons}
    open_storage().put(_key(version, "evaluation.json"), _to_json(judged))


def evaluation_of(version: str) -> Record:
    """Read the last evaluation of a version, with the gate's reasons if it was judged.

    Raises
    ------
    GateFailed
        It was not evaluated.
    """
    try:
        return _read(_key(version, "evaluation.json"))
    except NotFound:
        raise GateFailed(f"{version} was not evaluated: run `uv run poe evaluate` first.") from None


def add_tuning(record: Record) -> str:
    """Store what a search tried and chose, and return its name."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    open_storage().put(f"tuning/{name}.json", _to_json(record), generation=0)
    return name


def tuning_of(name: str) -> Record:
    """Read what a search tried and chose."""
    return _read(f"tuning/{name}.json")


def champion() -> Champion:
    """Read who is champion."""
    try:
        blob = open_storage().get(CHAMPION)
    except NotFound:
        return Champion([], 0)
    return Champion(json.loads(blob.data)["history"], blob.generation)


def load_champion(present: Predictor | None = None) -> Predictor:
    """Load the champion; `present` is given back if it is still the champion.

    Raises
    ------
    ModelRefused
        There is none yet, it differs from its record, or the gate did not pass this very model.
    """
    version = champion().version
    if version is None:
        raise ModelRefused(
            "there is no champion yet: run `uv run poe train`, `evaluate`, `gate` and `promote`."
        )
    if present is not None and present.version == version:
        return present
    try:
        return load_passed(version)
    except (GateFailed, NotFound) as error:
        raise ModelRefused(f"champion {version} is refused:", *error.problems) from None


def promote(version: str = "") -> None:
    """Make a version, by default the newest, the champion, if its evaluation passed the gate.

    Raises
    ------
    GateFailed
        It was not evaluated, was compared with a former champion, or was refused.
        The champion stays.
    Conflict
        Somebody else promoted at the same moment.
    """
    version, current = version or newest(), champion()
    evaluation = evaluation_of(version)
    _require_passed(version, evaluation)
    load(version)
    if version == current.version:
        _log.info("%s is the champion already", version)
        return
    against = evaluation.get("against")
    if against != current.version:
        raise GateFailed(
            f"{version} was compared with {against or 'no champion'}, but the champion is "
            f"{current.version or 'nobody'}: run `uv run poe evaluate` and `gate` again."
        )
    with suppress(Conflict):  # it was champion before
        open_storage().put(_key(version, "passed.json"), _to_json(evaluation), generation=0)
    _point_to([*current.history, version], current.generation)
    _log.info("%s is the champion now (before: %s)", version, current.version or "none")


def rollback() -> None:
    """Make the former champion the champion again."""
    current = champion()
    if len(current.history) < 2:
        raise NotFound("there is no former champion to go back to.")
    load_passed(current.history[-2])
    _point_to(current.history[:-1], current.generation)
    _log.info("%s is the champion again", current.history[-2])


def add_proof(version: str) -> None:
    """Remember that the API predicted with a version."""
    open_storage().put(_key(version, "served.json"), b"{}")


def withdraw(version: str) -> None:
    """Take the championship from a version that was never served; its predecessor has it again.

    One that was served before stays: then it is the API that is unwell.
    """
    current = champion()
    if open_storage().keys(_key(version, "served.json")):
        _log.warning("%s was served before, so it stays champion", version)
    elif current.version == version:
        _point_to(current.history[:-1], current.generation)
        _log.warning("%s is withdrawn; champion: %s", version, champion().version or "none")


def prune(keep: str = "10") -> list[str]:
    """Delete old versions, but neither the newest `keep` nor any that was champion; list them."""
    if not (keep.isascii() and keep.isdigit() and int(keep)):
        raise ConfigError(f"prune {keep}: say how many versions to keep, 1 or more.")
    storage, kept = open_storage(), {*versions()[-int(keep) :], *champion().history}
    gone = []
    for version in versions():
        keys = storage.keys(_key(version, ""))
        if version in kept or _key(version, "passed.json") in keys:
            continue
        gone.append(version)
        for key in sorted(keys, key=lambda key: not key.endswith("record.json")):
            storage.remove(key)
    _log.info("%d versions deleted, %d kept", len(gone), len(versions()))
    return gone


def _require_passed(version: str, evaluation: Record) -> None:
    """Refuse a version that the gate did not let pass, or whose record names another file."""
    if "reasons" not in evaluation:
        raise GateFailed(f"{version} was not judged: run `uv run poe gate` first.")
    if evaluation["reasons"] or evaluation["sha256"] != record_of(version)["sha256"]:
        raise GateFailed(f"{version} did not pass the gate:", *evaluation["reasons"])


def _point_to(history: list[str], generation: int) -> None:
    open_storage().put(CHAMPION, _to_json({"history": history}), generation=generation)


def _key(version: str, name: str) -> str:
    return f"models/{version}/{name}"


def _read(key: str) -> Record:
    content: Record = json.loads(open_storage().get(key).data)
    return content


def _to_json(content: Record) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode()
