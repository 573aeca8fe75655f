"""Score a whole table with the champion, piece by piece; N tasks score a share each.

A run has a table of its own. Readers learn of it when its last task is done (`batch_runs.whole`),
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

from app import schema
from app.config import read_count
from app.contract import columns
from app.errors import ConfigError, Conflict, ModelRefused, NotFound
from app.history import batch_runs, predictions
from app.registry import predictor, versions
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
    predictions.gather()
    storage, model = open_storage(), versions.load_passed(_agree(share))
    if not _is_scored(share):
        storage.read(tables.EXAMPLES, limit=0)  # told if they are absent, before any is written
        pieces = tqdm(storage.stream(tables.EXAMPLES), desc="batch", unit="piece")
        scored = _score_pieces(pieces, model, share)
        rows = pa.RecordBatchReader.from_batches(_output_schema(), scored)
        storage.write(share.table, rows, append=True)
    storage.put(share.key(f"done-{share.task}"), b"")
    _log.info("run %s: share %d of %d is scored", share.run, share.task + 1, share.tasks)
    if len(storage.keys(share.key("done-"))) == share.tasks:
        _publish(share, model.version)


def _read_share(run: str) -> Share:
    """Say which share is ours: Cloud Run numbers the tasks of a job, elsewhere there is one."""
    given = run or os.environ.get("CLOUD_RUN_EXECUTION")
    name = given or f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    task, tasks = read_count("CLOUD_RUN_TASK_INDEX", "0"), read_count("CLOUD_RUN_TASK_COUNT", "1")
    share = Share(re.sub(r"\W", "_", name, flags=re.ASCII), task, tasks)
    if share.task >= share.tasks:
        raise ConfigError(
            f"CLOUD_RUN_TASK_INDEX={share.task}: with CLOUD_RUN_TASK_COUNT={share.tasks} it must "
            f"be 0 to {share.tasks - 1}, and there must be at least one task."
        )
    if share.tasks > 1 and not given:
        raise ConfigError(
            f"CLOUD_RUN_TASK_COUNT={share.tasks}: tasks of one run must know its name, so give it "
            "to each: `uv run poe batch NAME`. A Cloud Run job does so by itself."
        )
    return share


def _agree(share: Share) -> str:
    """Let the first task of a run decide the model, so that all use the same; give its version."""
    champion = versions.champion().version
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
        return bool(open_storage().find(share.table, equals={"share": share.task}, limit=1))
    except NotFound:
        return False


def _score_pieces(
    pieces: Iterator[pa.RecordBatch], model: predictor.Predictor, share: Share
) -> Iterator[pa.RecordBatch]:
    """Score this task's rows of each piece, and give each an id, under which its label can come."""
    names, first = list(columns.features()), 0
    for piece in pieces:
        rows = zip(*(piece.column(name).to_pylist() for name in names), strict=True)
        own = [row for row in rows if zlib.crc32(repr(row).encode()) % share.tasks == share.task]
        if own:
            values = dict(zip(names, map(list, zip(*own, strict=True)), strict=True))
            yield _score(values, model, share, first)
            first += len(own)


def _score(
    values: dict[str, list[Any]], model: predictor.Predictor, share: Share, first: int
) -> pa.RecordBatch:
    scores = model.scores(values)
    count = len(scores)
    added = {
        "id": [f"{share.run}-{share.task}-{first + n}" for n in range(count)],
        "prediction": model.labels(scores),
        "probability": scores.max(axis=1).tolist() if model.classifies else [None] * count,
        "model_version": [model.version] * count,
        "share": [share.task] * count,
        "scored_at": [datetime.now(UTC)] * count,
    }
    return pa.RecordBatch.from_pydict(values | added, schema=_output_schema())


def _publish(share: Share, version: str) -> None:
    """Tell readers of the run, and delete what is left of old ones."""
    runs = _add_run(share, version)
    for run in runs[:-KEPT]:
        open_storage().drop(run.table)
        name = run.table.removeprefix(f"{tables.BATCH_PREDICTIONS}_")
        for key in open_storage().keys(f"batch/{name}/"):
            open_storage().remove(key)
    _log.info("predictions of model %s are now in table %r", version, share.table)


def _add_run(share: Share, version: str) -> list[batch_runs.BatchRun]:
    """Add the run to the list of those that are whole, unless another task did; give the list."""
    while True:
        runs, generation = batch_runs.whole()
        if share.table in [run.table for run in runs]:
            return runs
        runs.append(batch_runs.BatchRun(share.table, version, datetime.now(UTC).isoformat()))
        with suppress(Conflict):
            batch_runs.replace(runs[-KEPT:], generation)
            return runs


def _output_schema() -> pa.Schema:
    """Give the columns of the result: an id, the features, the answer and where it came from."""
    target = columns.arrow_schema().field(schema.TARGET).type
    answer = pa.float64() if columns.task() == "regression" else target
    added = [("prediction", answer), ("probability", pa.float64()), ("model_version", pa.string())]
    added += [("share", pa.int64()), ("scored_at", pa.timestamp("us", "UTC"))]
    return pa.schema([("id", pa.string()), *columns.arrow_schema(schema.Record), *added])
