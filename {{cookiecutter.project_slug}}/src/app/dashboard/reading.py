"""What the pages read from storage, remembered for some seconds, and how they tell a failure.

All who look at the dashboard share what is remembered, so many readers ask storage once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from app import contract, data, history, reference, registry
from app.errors import AppError, InvalidData, NotFound
from app.storage import open_storage, tables

ROWS = 1000
"""Predictions that a page shows, at most."""

EXAMPLES = 20_000
"""Examples that a page draws, at most."""


@contextmanager
def told() -> Iterator[None]:
    """Show a failure as sentences with a button to try again, and end the page there."""
    try:
        yield
    except AppError as error:
        st.error("\n\n".join(error.problems))
        st.button("Try again", on_click=st.cache_data.clear)
        st.stop()


def nothing_yet(told: str, read: Any) -> None:
    """Say why a page is empty, let the reader have it `read` again, and end the page there."""
    st.info(told)
    st.button("Look again", on_click=read.clear)
    st.stop()


@st.cache_data(ttl=5, show_spinner="Reading past predictions")
def answers() -> pd.DataFrame:
    """Read the API's latest answers, newest first: the answer, its label, then the features.

    Answers from before a change of `schema.py` are left out.
    """
    kept = [row for row in history.past(ROWS) if _fits(row)]
    rows = [row | row.pop("record") for row in kept]
    times = pd.to_datetime([row["predicted_at"] for row in rows], format="ISO8601")
    return data.from_rows(rows).assign(predicted_at=times)


@st.cache_data(ttl=30, show_spinner="Reading the runs of batch")
def batches() -> list[dict[str, Any]]:
    """Read which runs of `batch` are whole and of this `schema.py`, newest first."""
    found, known = history.batches()[0][::-1], set(registry.versions())
    now = contract.fingerprint()
    names = {run["model_version"] for run in found} & known
    fitting = {name for name in names if registry.record_of(name)["contract"] == now}
    return [run for run in found if run["model_version"] in fitting]


@st.cache_data(ttl=60, show_spinner="Reading the scored table")
def scored(table: str) -> pd.DataFrame:
    """Read rows of a run of `batch`."""
    return data.from_rows(history.scored(table, about=ROWS))


@st.cache_data(ttl=30, show_spinner="Reading the registry")
def champions() -> list[str]:
    """Read who was champion, the present one first."""
    return registry.champion().history[::-1]


@st.cache_data(ttl=60, show_spinner="Reading the model's record")
def version(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a version's record and its evaluation."""
    return registry.record_of(name), registry.evaluation_of(name)


@st.cache_data(ttl=3600, max_entries=5, show_spinner="Reading what the model was trained on")
def trained_on(name: str) -> pd.DataFrame:
    """Read a version's examples with its answers, which never change."""
    return reference.read(name)


@st.cache_data(ttl=60, show_spinner="Reading the examples")
def examples() -> pd.DataFrame:
    """Read examples that the next training learns from."""
    found = data.to_frame(open_storage().read(tables.EXAMPLES, limit=EXAMPLES))
    if set(contract.columns()) - set(found):
        raise InvalidData("the table of examples is of another schema.py: run `uv run poe data`.")
    return found


@st.cache_data(ttl=30, show_spinner="Reading what the monitor found")
def monitored() -> pd.DataFrame:
    """Read what `monitor` found, oldest window first; empty before its first run."""
    try:
        found: pd.DataFrame = open_storage().read(tables.MONITORING).to_pandas()
    except NotFound:
        return pd.DataFrame()
    return found.sort_values("until", kind="stable", ignore_index=True)


def _fits(row: dict[str, Any]) -> bool:
    """Say whether a prediction is of this `schema.py`: its features, and an answer of its kind."""
    number = isinstance(row["prediction"], float)
    same_kind = number == (contract.task() == "regression")
    return same_kind and set(row["record"]) == set(contract.features())
