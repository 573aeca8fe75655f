"""Predictions as a page shows them: filters, charts, a table to read and to download.

What everybody can open shows sums only, because a record can be somebody's.
"""

from typing import Any

import pandas as pd
import streamlit as st

from app.contract import columns
from app.dashboard import cached_reads, charts

_FIRST = ("predicted_at", "prediction", "probability", "label")
_LAST = ("model_version", "id")


def show(frame: pd.DataFrame) -> None:
    """Show predictions: how many, how they are distributed, each; filtered as the reader likes."""
    if not cached_reads.shows_records():
        _show_counts(frame)
        _draw(frame)
        _draw_times(frame)
        st.caption("This page is public, so it shows no single prediction and has no filters.")
        return
    frame = _filtered(frame)
    if frame.empty:
        st.info("No prediction is left: widen the filters.")
        return
    _show_counts(frame)
    _draw(frame)
    filled = frame.dropna(axis="columns", how="all").columns  # numbers have no probability
    shown = frame[[name for name in (*_FIRST, *columns.features(), *_LAST) if name in filled]]
    made = {n: shown[n].map(cached_reads.dated) for n in ("model_version",) if n in shown}
    read, about = shown.assign(**made), "The predictions, one a row"
    st.dataframe(read, hide_index=True, column_config=_titles(), alt=about)
    content = shown.to_csv(index=False).encode()
    st.download_button("Download as CSV", content, "predictions.csv", "text/csv")


def _filtered(frame: pd.DataFrame) -> pd.DataFrame:
    """Let the reader choose answers, one category of a feature, and rows whose truth is known."""
    with st.expander("Filters"):
        frame = _by_answer(frame)
        categories = [column for column in columns.features().values() if column.choices]
        column = st.selectbox("Feature", categories, index=None, format_func=lambda c: c.label)
        if column is not None:
            values = frame[column.name]
            chosen = st.multiselect("Its values", sorted(values.dropna().unique()), key=column.name)
            frame = frame[values.isin(chosen)] if chosen else frame
        only_labelled = st.toggle("Only predictions whose truth is known")
    return frame[frame["label"].notna()] if only_labelled else frame


def _by_answer(frame: pd.DataFrame) -> pd.DataFrame:
    answers, label = frame["prediction"], columns.target().label
    if columns.task() == "classification":
        chosen = st.multiselect(label, sorted(answers.unique(), key=str))
        return frame[answers.isin(chosen)] if chosen else frame
    low, high = float(answers.min()), float(answers.max())
    if low == high:
        return frame
    low, high = st.slider(label, low, high, (low, high))
    return frame[answers.between(low, high)]


def _show_counts(frame: pd.DataFrame) -> None:
    """Show how many there are, and how good those are whose truth is known."""
    labelled = frame[frame["label"].notna()]
    places = st.columns(3)
    places[0].metric("Predictions", f"{len(frame):,}", border=True)
    places[1].metric("Truth known", f"{len(labelled):,}", border=True)
    if labelled.empty:
        return
    if columns.task() == "classification":
        right = (labelled["prediction"].map(str) == labelled["label"].map(str)).mean()
        places[2].metric("Right", f"{right:.0%}", border=True)
    else:
        error = (labelled["prediction"] - labelled["label"].astype(float)).abs().mean()
        places[2].metric("Mean absolute error", f"{error:.2f}", border=True)


def _draw(frame: pd.DataFrame) -> None:
    label, answers = columns.target().label, frame["prediction"]
    if columns.task() == "regression" and answers.nunique() > 1:
        answers = pd.cut(answers, 15).map(lambda interval: interval.mid).astype(float).round(1)
    elif columns.task() == "classification":
        answers = answers.map(str)
    counts = answers.value_counts().sort_index().to_frame("predictions")
    charts.bars(counts, "predictions", f"How many predictions have which {label}", title=label)


def _draw_times(frame: pd.DataFrame) -> None:
    """Draw how many predictions were made when, if that is known and of several hours."""
    if "predicted_at" not in frame:  # as those of a run of `batch`
        return
    hours = frame["predicted_at"].dt.floor("h").value_counts().sort_index()
    if len(hours) > 1:
        about = "How many predictions were made in which hour"
        charts.lines(hours.to_frame("predictions"), "time (UTC)", "predictions", about)


def _titles() -> dict[str, Any]:
    """Name columns as the contract does, with units."""
    time = st.column_config.DatetimeColumn("time (UTC)", format="YYYY-MM-DD HH:mm:ss")
    titles: dict[str, Any] = {"predicted_at": time, "model_version": "model of (UTC)"}
    titles |= {"prediction": columns.target().label, "label": "truth"}
    return titles | {column.name: column.label for column in columns.features().values()}
