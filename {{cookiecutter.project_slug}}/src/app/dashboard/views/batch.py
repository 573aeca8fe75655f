"""Show what `batch` scored: a run of it, whole."""

from datetime import datetime

import streamlit as st

from app.dashboard import cached_reads, prediction_table
from app.history.batch_runs import BatchRun


def finished(run: BatchRun) -> str:
    """Say when a run was finished."""
    return f"finished {datetime.fromisoformat(run.finished_at):%Y-%m-%d %H:%M} UTC"


st.title("Batch results")
st.write("A whole table, scored by `uv run poe batch` or by the pipeline, read from storage.")
with cached_reads.failure_shown():
    runs = cached_reads.batches()
if not runs:
    cached_reads.nothing_yet("No batch yet: run `uv run poe batch`.", cached_reads.batches)
chosen = st.selectbox("Run", runs, format_func=finished)
with cached_reads.failure_shown():
    frame = cached_reads.scored(chosen.table)
made = cached_reads.dated(chosen.model_version)
st.caption(f"Model of {made} UTC; table `{chosen.table}`, thinned out evenly if large.")
prediction_table.show(frame)
