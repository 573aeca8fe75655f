"""Monitor: is what is asked, answered and proved true still as it was in training?"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from app import docs_page
from app.errors import AppError, ModelRefused, NotFound
from app.history import batch_runs, frames, predictions
from app.monitoring import drift
from app.registry import reference, versions
from app.storage import open_storage, tables

PAGE = Path("docs/DRIFT.md")

WINDOW = 200
"""Predictions that are judged together: enough to see numbers move by a standard deviation."""

FEWEST = 30
"""Predictions below which nothing is said."""

WINDOWS = 12
"""Windows of the API's predictions that are looked at."""

_KEPT_ROWS = 5000
_TEXTS = [(name, pa.string()) for name in ("source", "model_version", "kind", "name")]
_NUMBERS = [(n, pa.float64()) for n in ("before", "now", "effect", "limit", "p_value")]
_UNTIL = ("until", pa.timestamp("us", "UTC"))
_SCHEMA = pa.schema([*_TEXTS, _UNTIL, ("rows", pa.int64()), *_NUMBERS, ("alarm", pa.bool_())])
_log = logging.getLogger(__name__)


class DriftFound(AppError):
    """What is asked, answered or proved true is no longer as it was; its exit code is its own."""

    exit_code = 2


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
    """Compare what the model is asked now with what it learnt from; store, print and write it.

    Raises
    ------
    DriftFound
        The newest window of the API or of `batch` differs, beyond chance and by much.
    """
    version = versions.champion().version
    if version is None:
        raise ModelRefused("there is no champion to monitor: run `uv run poe pipeline`.")
    predictions.gather()
    windows = [*_online(version), *_batches()]
    if not windows:
        _log.info("fewer than %d predictions of %s: too few to say anything", FEWEST, version)
        return
    findings = pd.DataFrame([row for window in windows for row in _judge(window)])
    all_findings = _store(findings, version)
    newest = _newest(findings)
    printed = newest.drop(columns=["model_version", "until"])
    _log.info("%s", printed.to_string(index=False, float_format="{:.3g}".format))
    if PAGE.parent.is_dir():  # a container has no docs/
        docs_page.write(PAGE, describe(newest), draw(all_findings))
    if newest["alarm"].any():
        raise DriftFound(*newest[newest["alarm"]].apply(_sentence, axis=1))
    _log.info("nothing alarms")


def describe(newest: pd.DataFrame) -> str:
    """Describe the newest windows in Markdown: a row for each comparison, alarms first."""
    ordered = newest.sort_values(["alarm", "source"], ascending=False, kind="stable")
    cells = (
        "| {alarm} | {source} | {kind} | `{name}` | {before:.3g} | {now:.3g} | {effect:.2f} "
        "| {limit:g} | {p_value:.2g} | {rows} | {until:%Y-%m-%d %H:%M} |"
    )
    ordered["alarm"] = ordered["alarm"].map({True: "**alarm**", False: "quiet"})
    rows = [cells.format_map(row) for row in ordered.to_dict("records")]
    models, alarms = ", ".join(newest["model_version"].unique()), newest["alarm"].sum()
    return f"""# Drift

Written by `uv run poe monitor`; `docs/MONITORING.md` says how to read it.
Models: {models}; {alarms} of {len(newest)} comparisons alarm.

| | source | drift | of | before | now | effect | limit | p | rows | until (UTC) |
|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

Before and now are means of numbers, shares of the commonest category, or the main metric.

![Effects in units of their limit, window after window](figures/drift.png)
"""


def draw(findings: pd.DataFrame) -> Figure:
    """Draw each comparison's effect over time, as a multiple of its limit; the 12 largest now."""
    by_source = findings.set_index("until").groupby("source")
    figure = Figure(figsize=(9, 3.2 * len(by_source)), layout="constrained")
    axes = figure.subplots(len(by_source), 1, squeeze=False)
    for (source, rows), (place,) in zip(by_source, axes, strict=True):
        sizes = (rows["effect"] / rows["limit"]).groupby(rows["name"])
        for name in sizes.last().nlargest(12).index:
            place.plot(sizes.get_group(name), ".-", label=str(name)[:50])
        place.axhline(1, color="black", linestyle="--", linewidth=1)
        title = f"{source}: {len(place.lines) - 1} of {len(sizes)} comparisons, the largest now"
        place.set(title=title, ylabel="effect / limit (over 1 is large)")
        place.tick_params(axis="x", rotation=20, labelsize=8)
        place.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _online(version: str) -> Iterator[Window]:
    """Cut the API's latest answers into windows, and once more those whose truth is known."""
    rows = predictions.latest(WINDOW * WINDOWS, version)[::-1]
    labelled = predictions.labelled(version, WINDOW * WINDOWS)
    for answers, compare in ((rows, drift.of_records), (labelled, drift.of_labels)):
        for part in _cut(answers):
            until = datetime.fromisoformat(part[-1]["predicted_at"])
            frame = frames.from_rows([row | row["record"] for row in part])
            yield Window("online", version, until, frame, compare)


def _cut(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Give windows, counted from the newest row backwards; a rest that is too small is left out."""
    for end in sorted(range(len(rows), 0, -WINDOW)):
        part = rows[max(0, end - WINDOW) : end]
        if len(part) >= FEWEST:
            yield part


def _batches() -> Iterator[Window]:
    """Give a window for each run of `batch` that is kept, and one for its rows with a label."""
    for run in batch_runs.whole()[0]:
        try:
            reference.read(run.model_version)
            both = batch_runs.scored(run.table, about=reference.ROWS // 2)
        except (ModelRefused, NotFound) as error:
            _log.warning("%s is not compared: %s", run.table, error)
            continue
        until = datetime.fromisoformat(run.finished_at)
        for rows, compare in zip(both, (drift.of_records, drift.of_labels), strict=True):
            if len(rows) >= FEWEST:
                frame = frames.from_rows(rows)
                yield Window("batch", run.model_version, until, frame, compare)


def _judge(window: Window) -> list[dict[str, Any]]:
    """Compare a window with what its model learnt from; a row for each comparison."""
    findings = window.compare(reference.read(window.model_version), window.rows)
    of_window = {name: getattr(window, name) for name in ("source", "model_version", "until")}
    return [of_window | finding._asdict() | {"alarm": finding.alarm} for finding in findings]


def _store(findings: pd.DataFrame, version: str) -> pd.DataFrame:
    """Replace the table `monitoring`, and give it: today's findings, and those of older windows.

    The API's windows move with each new prediction, so those of this champion are replaced;
    a run of `batch` stays, also after its table is gone.
    """
    try:
        old = open_storage().read(tables.MONITORING).to_pandas()
    except NotFound:
        old = _SCHEMA.empty_table().to_pandas()
    moved = (old["source"] == "online") & (old["model_version"] == version)
    old = old[~moved & ~old["until"].isin(findings["until"])]
    kept = pd.concat([old, findings]) if len(old) else findings
    kept = kept.sort_values("until", kind="stable").tail(_KEPT_ROWS)
    rows = pa.Table.from_pandas(kept[_SCHEMA.names], _SCHEMA, preserve_index=False)
    open_storage().write(tables.MONITORING, rows)
    return kept


def _newest(findings: pd.DataFrame) -> pd.DataFrame:
    """Give the newest finding on each feature, on the answers and on their quality, by source."""
    last = findings.groupby(["source", "name"])["until"].transform("max")
    return findings[findings["until"] == last]


def _sentence(row: "pd.Series[Any]") -> str:
    """Say what drifted, how far, and what to do about it."""
    where = f"{row['source']}, {row['model_version']}, until {row['until']:%Y-%m-%d %H:%M} UTC"
    change = f"{row['before']:.3g} before, {row['now']:.3g} now"
    measure = {"concept": "Cliff's delta"}.get(row["kind"], "PSI")
    measure = "growth" if "new values" in row["name"] else measure
    return (
        f"{where}: {row['kind']} drift of {row['name']!r} in {row['rows']} rows: {change}; "
        f"{measure} {row['effect']:.2f} is over {row['limit']:g}, p = {row['p_value']:.2g}. "
        f"{_REMEDIES[row['kind']]}"
    )


_REMEDIES = {
    "data": "Look first whether the source or a unit changed; if the world did, retrain.",
    "target": "Look at data and concept drift as well: target drift alone says that what you "
    "predict became rarer or commoner.",
    "concept": "Equal records have another truth now, or the data drifted too: collect labels, "
    "retrain, and roll back if the former champion is better on them.",
}
"""What to do about each kind; docs/MONITORING.md says more."""
