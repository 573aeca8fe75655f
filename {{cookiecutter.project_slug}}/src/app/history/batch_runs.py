"""Runs of `batch`: which are whole, and what they scored."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.errors import NotFound
from app.history import predictions
from app.storage import get_json, open_storage

RUNS = "batch.json"
"""The object that names the runs that are whole, the newest last."""


class BatchRun(NamedTuple):
    """A run whose last task is done; `finished_at` is a time in ISO 8601."""

    table: str
    model_version: str
    finished_at: str


def whole() -> tuple[list[BatchRun], int]:
    """Give the runs that are whole, newest last, and the generation of their list."""
    try:
        runs: tuple[list[BatchRun], int] = get_json(RUNS, list[BatchRun])
    except NotFound:
        return [], 0
    return runs


def replace(runs: Sequence[BatchRun], generation: int) -> None:
    """Replace the list of runs; `Conflict` if somebody else did meanwhile."""
    content = json.dumps([run._asdict() for run in runs]).encode()
    open_storage().put(RUNS, content, generation=generation)


def scored(table: str, about: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give rows of a run that stand for all, and all whose truth is known, in bounded memory.

    A table with more than twice `about` rows is thinned out evenly, until it has `about` rows or
    up to twice as many. Each has its label or None. Labels may come for some records more than for
    others, so those that have one stand only for themselves.
    """
    rows, with_label = list[dict[str, Any]](), list[dict[str, Any]]()
    labels, step, seen = predictions.read_labels(), 1, 0
    for piece in open_storage().stream(table):
        rows += piece.take(list(range(-seen % step, piece.num_rows, step))).to_pylist()
        seen += piece.num_rows
        if labels:
            places = [n for n, id_ in enumerate(piece.column("id").to_pylist()) if id_ in labels]
            with_label += piece.take(places).to_pylist() if places else []
        while len(rows) > 2 * about:
            rows, step = rows[::2], 2 * step
    both = ([row | {"label": labels.get(row["id"])} for row in part] for part in (rows, with_label))
    sample, labelled = both
    return sample, labelled
