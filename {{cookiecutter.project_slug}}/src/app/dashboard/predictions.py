"""Predictions as a page shows them: filters, charts, a table to read and to download."""

from typing import Any

import pandas as pd
import streamlit as st

from app import contract
from app.dashboard import charts

_FIRST = ("predicted_at", "prediction", "probability", "label")
_LAST = ("model_version", "id")


def show(frame: pd.DataFrame) -> None:
    """Show predictions: how many, how they are distributed, each; filtered as the reader likes."""
    frame = _filtered(frame)
    if frame.empty:
        st.info("No prediction is left: widen the filters.")
        return
    _tell(frame)
    _draw(frame)
    known = frame.dropna(axis="columns", how="all").columns  # numbers have no probability
    shown = frame[[name for name in (*_FIRST, *contract.features(), *_LAST) if name in known]]
    st.dataframe(shown, hide_index=True, column_config=_titles(), alt="The predictions, one a row")
    st.download_button(
        "Download as CSV", shown.to_csv(index=False).encode(), "predictions.csv", "text/csv"
    )


def _filtered(frame: pd.DataFrame) -> pd.DataFrame:
    """Let the reader choose answers, one category of a feature, and rows whose truth is known."""
    with st.expander("Filters"):
        frame = _by_answer(frame)
        columns = [column for column in contract.features().values() if column.choices]
        column = st.selectbox(
            "Feature", columns, index=None, placeholder="Any", format_func=lambda c: c.label
        )
        if column is not None:
            values = frame[column.name]
            chosen = st.multiselect("Its values", sorted(values.dropna().unique()), key=column.name)
            frame = frame[values.isin(chosen)] if chosen else frame
        known = st.toggle("Only predictions whose truth is known")
    return frame[frame["label"].notna()] if known else frame


def _by_answer(frame: pd.DataFrame) -> pd.DataFrame:
    answers, label = frame["prediction"], contract.target().label
    if contract.task() == "classification":
        chosen = st.multiselect(label, sorted(answers.unique(), key=str))
        return frame[answers.isin(chosen)] if chosen else frame
    low, high = float(answers.min()), float(answers.max())
    if low == high:
        return frame
    low, high = st.slider(label, low, high, (low, high))
    return frame[answers.between(low, high)]


def _tell(frame: pd.DataFrame) -> None:
    """Say how many there are, and how good those are whose truth is known."""
    known = frame[frame["label"].notna()]
    places = st.columns(3)
    places[0].metric("Predictions", f"{len(frame):,}", border=True)
    places[1].metric("Truth known", f"{len(known):,}", border=True)
    if known.empty:
        return
    if contract.task() == "classification":
        right = (known["prediction"].map(str) == known["label"].map(str)).mean()
        places[2].metric("Right", f"{right:.0%}", border=True)
    else:
        error = (known["prediction"] - known["label"].astype(float)).abs().mean()
        places[2].metric("Mean absolute error", f"{error:.2f}", border=True)


def _draw(frame: pd.DataFrame) -> None:
    label, answers = contract.target().label, frame["prediction"]
    if contract.task() == "regression" and answers.nunique() > 1:
        answers = pd.cut(answers, 15).map(lambda interval: interval.mid).astype(float).round(1)
    elif contract.task() == "classification":
        answers = answers.map(str)
    counts = answers.value_counts().sort_index().to_frame("predictions")
    charts.bars(counts, "predictions", f"How many predictions have which {label}", title=label)


def _titles() -> dict[str, Any]:
    """Name columns as the contract does, with units."""
    titles: dict[str, Any] = {c.name: c.label for c in contract.features().values()}
    titles |= {"prediction": contract.target().label, "label": "truth"}
    time = st.column_config.DatetimeColumn("time (UTC)", format="YYYY-MM-DD HH:mm:ss")
    return titles | {"predicted_at": time, "model_version": "model version"}
