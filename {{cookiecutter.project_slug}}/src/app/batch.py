"""Score a whole table with the champion, piece by piece; N tasks score a share each.

A run has a table of its own. Readers learn of it when its last task is done (`history.batches`),
so they see a whole run or the one before. A task that runs again adds nothing twice.
"""

import json
import logging
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
from tqdm import tqdm

from app import contract, history, registry, schema
from app.config import read_count
from app.errors import ConfigError, Conflict, ModelRefused, NotFound
from app.predict import Predictor
from app.storage import open_storage, tables

KEPT = 3
"""Runs whose tables are kept."""

_log = logging.getLogger(__name__)


class Share(NamedTuple):
    """One task's part of a run: rows whose hash, modulo `tasks`, is `task`."""

    run: str
    task: int
    tasks: int

    @property
    def table(self) -> str:
        """Name the table of the run."""
        return f"{tables.BATCH_PREDICTIONS}_{self.run}"

    def key(self, name: str) -> str:
        """Name an object of the run."""
        return f"batch/{self.run}/{name}"


def main(run: str = "") -> None:
    """Score this task's share of the examples, by default as a new run, in bounded memory.

    Raises
    ------
    ConfigError
        The run's name or the task's number cannot be, or the run was begun with other tasks, or
        on other data.
    ModelRefused
        There is no champion.
    """
    share = _read_share(run)
    storage, predictor = open_storage(), registry.load_passed(_agree(share))
    if not _is_scored(share):
        pieces = tqdm(storage.stream(tables.EXAMPLES), desc="batch", unit="piece")
        scored = _with_ids(_score_pieces(pieces, predictor, share), share)
        written = _output_schema().insert(0, pa.field("id", pa.string()))
        rows = pa.RecordBatchReader.from_batches(written, scored)
        storage.write(share.table, rows, append=True)
    storage.put(share.key(f"done-{share.task}"), b"")
    _log.info("run %s: share %d of %d is scored", share.run, share.task + 1, share.tasks)
    if len(storage.keys(share.key("done-"))) == share.tasks:
        _publish(share, predictor.version)


def _read_share(run: str) -> Share:
    """Say which share is ours: Cloud Run numbers the tasks of a job, elsewhere there is one."""
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    named = run or os.environ.get("CLOUD_RUN_EXECUTION")
    share = Share(
        re.sub(r"\W", "_", named or now, flags=re.ASCII),
        read_count("CLOUD_RUN_TASK_INDEX", "0"),
        read_count("CLOUD_RUN_TASK_COUNT", "1"),
    )
    if share.task >= share.tasks:
        raise ConfigError(
            f"CLOUD_RUN_TASK_INDEX={share.task}: with CLOUD_RUN_TASK_COUNT={share.tasks} it must "
            f"be 0 to {share.tasks - 1}, and there must be at least one task."
        )
    if share.tasks > 1 and not named:
        raise ConfigError(
            f"CLOUD_RUN_TASK_COUNT={share.tasks}: tasks of one run must know its name, so give it "
            "to each: `uv run poe batch NAME`. A Cloud Run job does so by itself."
        )
    return share


def _agree(share: Share) -> str:
    """Let the first task of a run decide the model, so that all use the same; give its version."""
    champion = registry.champion().version
    if champion is None:
        raise ModelRefused("there is no champion yet: run `uv run poe pipeline`.")
    mark = open_storage().get(tables.EXAMPLES_MARK).data.decode()
    plan = {"model_version": champion, "count": share.tasks, "data": mark}
    with suppress(Conflict):
        open_storage().put(share.key("plan.json"), json.dumps(plan).encode(), generation=0)
    agreed = json.loads(open_storage().get(share.key("plan.json")).data)
    if agreed["count"] != share.tasks:
        raise ConfigError(
            f"run {share.run} was begun with {agreed['count']} tasks, not {share.tasks}: "
            "go on with as many, or begin another run."
        )
    if agreed["data"] != mark:
        raise ConfigError(
            f"run {share.run} was begun on data {agreed['data']}, but the table holds {mark}: "
            "begin another run."
        )
    return str(agreed["model_version"])


def _is_scored(share: Share) -> bool:
    """Say whether this share is in the table already; a write is whole, so one row tells."""
    try:
        found = open_storage().read(share.table, equals={"share": share.task}, limit=1)
    except NotFound:
        return False
    return bool(found.num_rows)


def _score_pieces(
    pieces: Iterator[pa.RecordBatch], predictor: Predictor, share: Share
) -> Iterator[pa.RecordBatch]:
    for piece in pieces:
        values = {name: piece.column(name).to_pylist() for name in contract.features()}
        if share.tasks > 1:
            rows = zip(*values.values(), strict=True)
            own = [zlib.crc32(repr(row).encode()) % share.tasks == share.task for row in rows]
            values = {
                name: [value for value, wanted in zip(column, own, strict=True) if wanted]
                for name, column in values.items()
            }
        if any(values.values()):
            yield _score(values, predictor, share)


def _score(values: dict[str, list[Any]], predictor: Predictor, share: Share) -> pa.RecordBatch:
    scores = predictor.scores(values)
    labels = predictor.labels(scores)
    count = len(labels)
    added = {
        "prediction": labels,
        "probability": scores.max(axis=1).tolist() if predictor.classifies else [None] * count,
        "model_version": [predictor.version] * count,
        "share": [share.task] * count,
        "scored_at": [datetime.now(UTC)] * count,
    }
    return pa.RecordBatch.from_pydict(values | added, schema=_output_schema())


def _with_ids(pieces: Iterator[pa.RecordBatch], share: Share) -> Iterator[pa.RecordBatch]:
    """Give each row an id, under which its label can come later."""
    field, count = pa.field("id", pa.string()), 0
    for piece in pieces:
        ids = [f"{share.run}-{share.task}-{count + n}" for n in range(piece.num_rows)]
        yield piece.add_column(0, field, pa.array(ids, pa.string()))
        count += piece.num_rows


def _publish(share: Share, version: str) -> None:
    """Tell readers of the run, and delete what is left of old ones."""
    runs = _add_run(share, version)
    for run in runs[:-KEPT]:
        open_storage().drop(run["table"])
        old = run["table"].removeprefix(f"{tables.BATCH_PREDICTIONS}_")
        for key in open_storage().keys(f"batch/{old}/"):
            open_storage().remove(key)
    _log.info("predictions of model %s are now in table %r", version, share.table)


def _add_run(share: Share, version: str) -> list[dict[str, Any]]:
    """Add the run to the list of those that are whole, unless another task did; give the list."""
    while True:
        runs, generation = history.batches()
        if share.table in [run["table"] for run in runs]:
            return runs
        now = datetime.now(UTC).isoformat()
        runs.append({"table": share.table, "model_version": version, "finished_at": now})
        with suppress(Conflict):
            kept = json.dumps(runs[-KEPT:]).encode()
            open_storage().put(history.BATCHES, kept, generation=generation)
            return runs


def _output_schema() -> pa.Schema:
    """Give the columns of the result: the features, then the answer and where it came from."""
    target = contract.arrow_schema().field(schema.TARGET).type
    answer = pa.float64() if contract.task() == "regression" else target
    added = [
        pa.field("prediction", answer),
        pa.field("probability", pa.float64()),
        pa.field("model_version", pa.string()),
        pa.field("share", pa.int64()),
        pa.field("scored_at", pa.timestamp("us", "UTC")),
    ]
    return pa.schema([*contract.arrow_schema(schema.Record), *added])
