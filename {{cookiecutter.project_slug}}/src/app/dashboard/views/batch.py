"""Show what `batch` scored: a run of it, whole."""

from datetime import datetime

import streamlit as st

from app.dashboard import predictions, reading

st.title("Batch results")
st.write("A whole table, scored by `uv run poe batch` or by the pipeline, read from storage.")
with reading.told():
    runs = reading.batches()
if not runs:
    reading.nothing_yet("No batch yet: run `uv run poe batch`.", reading.batches)
ends = [datetime.fromisoformat(one["finished_at"]) for one in runs]
number = st.selectbox(
    "Run", range(len(runs)), format_func=lambda n: f"finished {ends[n]:%Y-%m-%d %H:%M} UTC"
)
run = runs[number]
with reading.told():
    frame = reading.scored(run["table"])
st.caption(
    f"Model {run['model_version']}; table `{run['table']}`. Of a large one, every second row is "
    "shown, or every fourth, and so on."
)
predictions.show(frame)
