"""Monitor: is what is asked, answered and proved true still as it was in training?"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from app import data, drift, drift_page, history, reference, registry
from app.errors import DriftFound, ModelRefused, NotFound
from app.storage import open_storage, tables

WINDOW = 200
"""Predictions that are judged together: enough to see numbers move by a standard deviation."""

FEWEST = 30
"""Predictions below which nothing is said."""

WINDOWS = 12
"""Windows of the API's predictions that are looked at."""

_KEPT_ROWS = 5000
_TEXTS = [(name, pa.string()) for name in ("source", "model_version", "kind", "name")]
_NUMBERS = [(n, pa.float64()) for n in ("before", "now", "effect", "limit", "p_value")]
_SCHEMA = pa.schema(
    [
        *_TEXTS,
        ("until", pa.timestamp("us", "UTC")),
        ("rows", pa.int64()),
        *_NUMBERS,
        ("alarm", pa.bool_()),
    ]
)
_log = logging.getLogger(__name__)


class Window(NamedTuple):
    """Predictions of one version, judged together by `compare`; `until` is when the last was made.

    `source` is `online` for answers of the API, `batch` for a run of `batch`.
    """

    source: str
    model_version: str
    until: datetime
    rows: pd.DataFrame
    compare: Callable[[pd.DataFrame, pd.DataFrame], list[drift.Finding]]


def main() -> None:
    """Compare what the model is asked now with what it learnt from; store, print and tell it.

    Raises
    ------
    DriftFound
        The newest window of the API or of `batch` differs, beyond chance and by much.
    """
    version = registry.champion().version
    if version is None:
        raise ModelRefused("there is no champion to monitor: run `uv run poe pipeline`.")
    windows = [*_online(version), *_batches()]
    if not windows:
        _log.info("fewer than %d predictions of %s: too few to say anything", FEWEST, version)
        return
    found = pd.DataFrame([row for window in windows for row in _judge(window)])
    history_of = _store(found, version)
    newest = _newest(found)
    shown = newest.drop(columns=["model_version", "until"])
    _log.info("%s", shown.to_string(index=False, float_format="{:.3g}".format))
    drift_page.write(newest, history_of)
    if newest["alarm"].any():
        raise DriftFound(*newest[newest["alarm"]].apply(_sentence, axis=1))
    _log.info("nothing alarms")


def _online(version: str) -> Iterator[Window]:
    """Cut the API's latest answers into windows, and once more those whose truth is known."""
    rows = history.past(WINDOW * WINDOWS, version)[::-1]
    labelled = history.labelled(version, WINDOW * WINDOWS)
    for some, compare in ((rows, drift.of_records), (labelled, drift.of_labels)):
        for part in _cut(some):
            until = datetime.fromisoformat(part[-1]["predicted_at"])
            frame = data.from_rows([row | row["record"] for row in part])
            yield Window("online", version, until, frame, compare)


def _cut(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Give windows, counted from the newest row backwards; a rest that is too small is left out."""
    for end in sorted(range(len(rows), 0, -WINDOW)):
        part = rows[max(0, end - WINDOW) : end]
        if len(part) >= FEWEST:
            yield part


def _batches() -> Iterator[Window]:
    """Give a window for each run of `batch` that is kept, and one for its rows with a label."""
    for run in history.batches()[0]:
        try:
            reference.read(run["model_version"])
        except ModelRefused as error:
            _log.warning("%s is not compared: %s", run["table"], error)
            continue
        frame = data.from_rows(history.scored(run["table"], about=reference.ROWS // 2))
        until = datetime.fromisoformat(run["finished_at"])
        for some, compare in (
            (frame, drift.of_records),
            (frame[frame["label"].notna()], drift.of_labels),
        ):
            if len(some) >= FEWEST:
                yield Window("batch", run["model_version"], until, some, compare)


def _judge(window: Window) -> list[dict[str, Any]]:
    """Compare a window with what its model learnt from; a row for each comparison."""
    found = window.compare(reference.read(window.model_version), window.rows)
    known = {name: getattr(window, name) for name in ("source", "model_version", "until")}
    return [known | one._asdict() | {"alarm": one.alarm} for one in found]


def _store(found: pd.DataFrame, version: str) -> pd.DataFrame:
    """Replace the table `monitoring`, and give it: what was found now, and older windows.

    The API's windows move with each new prediction, so those of this champion are replaced;
    a run of `batch` stays, also after its table is gone.
    """
    try:
        old = open_storage().read(tables.MONITORING).to_pandas()
    except NotFound:
        old = _SCHEMA.empty_table().to_pandas()
    moved = (old["source"] == "online") & (old["model_version"] == version)
    old = old[~moved & ~old["until"].isin(found["until"])]
    kept = pd.concat([old, found]) if len(old) else found
    kept = kept.sort_values("until", kind="stable").tail(_KEPT_ROWS)
    rows = pa.Table.from_pandas(kept[_SCHEMA.names], _SCHEMA, preserve_index=False)
    open_storage().write(tables.MONITORING, rows)
    return kept


def _newest(found: pd.DataFrame) -> pd.DataFrame:
    """Give the last word on each feature, on the answers and on their quality, by source."""
    last = found.groupby(["source", "name"])["until"].transform("max")
    return found[found["until"] == last]


def _sentence(row: "pd.Series[Any]") -> str:
    """Say what drifted, how far, and what to do about it."""
    where = f"{row['source']}, {row['model_version']}, until {row['until']:%Y-%m-%d %H:%M} UTC"
    told = f"{row['before']:.3g} before, {row['now']:.3g} now"
    measure = "Cliff's delta" if row["kind"] == "concept" else "PSI"
    return (
        f"{where}: {row['kind']} drift of {row['name']!r} in {row['rows']} rows: {told}; "
        f"{measure} {row['effect']:.2f} is over {row['limit']:g}, p = {row['p_value']:.2g}. "
        f"{_REMEDIES[row['kind']]}"
    )


_REMEDIES = {
    "data": "Look first whether the source or a unit changed; if the world did, retrain.",
    "target": "Look at data and concept: alone, it says that what you predict became rarer or "
    "commoner.",
    "concept": "Equal records have another truth now, or the data drifted too: collect labels, "
    "retrain, and roll back if the former champion is better on them.",
}
"""What to do about each kind; docs/MONITORING.md says more."""
