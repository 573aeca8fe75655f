"""Show what the API answered, and what proved true."""

import streamlit as st

from app.dashboard import cached_reads, prediction_table

st.title("Past predictions")
st.write(
    f"The API's latest answers, {cached_reads.ROWS:,} at most, from the table `predictions`. "
    "An answer appears some seconds after it was given."
)
with cached_reads.failure_shown():
    frame = cached_reads.answers()
if frame.empty:
    cached_reads.nothing_yet("No prediction yet: ask for one by Predict.", cached_reads.answers)
prediction_table.show(frame)
