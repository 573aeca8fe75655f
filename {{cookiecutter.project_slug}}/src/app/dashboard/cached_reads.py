"""What the pages read from storage, remembered for some seconds, and how they show a failure.

All who look at the dashboard share what is remembered, so many readers ask storage once.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import schema
from app.config import load_cloud, read
from app.contract import columns
from app.data import split
from app.errors import AppError, InvalidData, NotFound
from app.history import batch_runs, frames, predictions
from app.registry import records, reference, versions
from app.storage import open_storage, tables

ROWS = 1000
"""Predictions that a page shows, at most."""

EXAMPLES = 20_000
"""Examples that a page draws, at most."""


@contextmanager
def failure_shown() -> Iterator[None]:
    """Show a failure as sentences with a button to try again, and end the page there."""
    try:
        yield
    except AppError as error:
        st.error("\n\n".join(error.problems))
        st.button("Try again", on_click=st.cache_data.clear)
        st.stop()


def nothing_yet(why: str, read: Any) -> None:
    """Say why a page is empty, let the reader have it `read` again, and end the page there."""
    st.info(why)
    st.button("Look again", on_click=read.clear)
    st.stop()


def dated(version: str) -> str:
    """Give when a version was made, which tells a reader more than its name."""
    try:
        return f"{versions.time_of(version):%Y-%m-%d %H:%M:%S}"
    except ValueError:  # a name of another form
        return version


@st.cache_data(ttl=5, show_spinner="Reading past predictions")
def answers() -> pd.DataFrame:
    """Read the API's latest answers, newest first: the answer, its label, then the features.

    Answers from before a change of `schema.py` are left out.
    """
    fitting = [row for row in predictions.latest(ROWS) if _fits(row)]
    rows = [row | row.pop("record") for row in fitting]
    times = pd.to_datetime([row["predicted_at"] for row in rows], format="ISO8601")
    return frames.from_rows(rows).assign(predicted_at=times)


@st.cache_data(ttl=30, show_spinner="Reading the runs of batch")
def batches() -> list[batch_runs.BatchRun]:
    """Read which runs of `batch` are whole and of this `schema.py`, newest first."""
    runs, registered = batch_runs.whole()[0][::-1], set(versions.versions())
    now = columns.fingerprint()
    names = {run.model_version for run in runs} & registered
    fitting = {name for name in names if versions.record_of(name).contract == now}
    return [run for run in runs if run.model_version in fitting]


@st.cache_data(ttl=60, show_spinner="Reading the scored table")
def scored(table: str) -> pd.DataFrame:
    """Read rows of a run of `batch`."""
    sample, labelled = batch_runs.scored(table, about=ROWS)
    return frames.from_rows(list({row["id"]: row for row in (*sample, *labelled)}.values()))


@st.cache_data(ttl=30, show_spinner="Reading the registry")
def champions() -> list[str]:
    """Read who was champion, the present one first, each once."""
    return list(dict.fromkeys(versions.champion().history[::-1]))


@st.cache_data(ttl=60, show_spinner="Reading the model's record")
def version(name: str) -> tuple[records.VersionRecord, records.Evaluation]:
    """Read a version's record and its evaluation."""
    return versions.record_of(name), versions.evaluation_of(name)


@st.cache_data(ttl=3600, max_entries=5, show_spinner="Reading what the model was trained on")
def trained_on(name: str) -> pd.DataFrame:
    """Read a version's examples with its answers, which never change."""
    return reference.read(name)


@st.cache_data(ttl=60, show_spinner="Reading the examples")
def examples() -> pd.DataFrame:
    """Read examples that the next training learns from."""
    frame = split.to_frame(open_storage().read(tables.EXAMPLES, limit=EXAMPLES))
    if set(columns.of()) - set(frame):
        raise InvalidData("the table of examples is of another schema.py: run `uv run poe data`.")
    return frame


@st.cache_data(ttl=30, show_spinner="Reading what the monitor found")
def monitored() -> pd.DataFrame:
    """Read what `monitor` found, oldest window first; empty before its first run."""
    try:
        findings: pd.DataFrame = open_storage().read(tables.MONITORING).to_pandas()
    except NotFound:
        return pd.DataFrame()
    return findings.sort_values("until", kind="stable", ignore_index=True)


def window(finding: "pd.Series[Any]") -> pd.DataFrame:
    """Read the predictions that a finding of the monitor is about; empty if they are gone."""
    if finding["source"] == "batch":
        runs = [r for r in batches() if datetime.fromisoformat(r.finished_at) == finding["until"]]
        return scored(runs[0].table) if runs else pd.DataFrame()
    rows = answers()
    if len(rows):
        rows = rows[rows["model_version"] == finding["model_version"]]
        rows = rows[rows["predicted_at"] <= finding["until"]]
        rows = rows[rows["label"].notna()] if finding["name"] == "labels" else rows
    return rows.head(int(finding["rows"]))


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the features of examples as records, as JSON knows them."""
    texts = frame[list(columns.features())].to_json(orient="records")
    return [dict(record) for record in json.loads(texts)]


def half_width(examples: pd.DataFrame, coverage: float = 0.9) -> float:
    """Give d such that a regression's answer ± d holds the truth so often, in the target's unit.

    Split conformal prediction on the held-out examples: Lei et al., "Distribution-Free Predictive
    Inference for Regression", JASA 113 (2018), theorem 2. It holds as long as nothing drifts.
    """
    held_out = examples[examples["held_out"]]
    residuals = np.sort((held_out[schema.TARGET] - held_out["prediction"]).abs().to_numpy(float))
    rank = math.ceil((len(residuals) + 1) * coverage)
    return float(residuals[rank - 1]) if rank <= len(residuals) else math.inf


def _fits(row: dict[str, Any]) -> bool:
    """Say whether a prediction is of this `schema.py`: its features, and an answer of its kind."""
    same_kind = isinstance(row["prediction"], float) == (columns.task() == "regression")
    return same_kind and set(row["record"]) == set(columns.features())


def shows_records() -> bool:
    """Say whether single records may be shown: on a laptop, and where Terraform says private."""
    return load_cloud() is None or read("PUBLIC", "true") == "false"
