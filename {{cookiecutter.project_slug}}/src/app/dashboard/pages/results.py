"""Show what was predicted: answers of the API, and the last batch, both read from storage."""

import pandas as pd
import streamlit as st

from app import history
from app.errors import AppError


def read_online() -> pd.DataFrame:
    """Read the latest answers of the API, one row each, newest first."""
    rows = history.past(limit=1000)
    return pd.DataFrame([row | row.pop("record") for row in rows])


def read_batch() -> pd.DataFrame:
    """Read the first rows of the last batch."""
    return pd.DataFrame(history.last_batch(limit=1000))


def show(frame: pd.DataFrame, empty: str) -> None:
    """Show predictions as a chart and a table, or a sentence if there are none."""
    if frame.empty:
        st.info(empty)
        return
    counts = frame["prediction"]
    if pd.api.types.is_float_dtype(counts):
        counts = pd.cut(counts, 20).map(lambda interval: interval.mid).astype(float).round(1)
    st.bar_chart(
        counts.value_counts().sort_index(), x_label="prediction", y_label="count", height=260
    )
    st.dataframe(frame, hide_index=True)


st.title("Results")
online, scored = st.tabs(["Answers of the API", "Last batch"])
try:
    with online:
        show(read_online(), "No prediction yet: ask for one on the page Predict.")
    with scored:
        show(read_batch(), "No batch yet: run `uv run poe batch`.")
except AppError as error:
    st.error("\n\n".join(error.problems))
