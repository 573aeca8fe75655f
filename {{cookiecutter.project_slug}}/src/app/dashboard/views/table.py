"""Have the API answer a table: a CSV file in, its rows with answers out, faulty rows with why."""

from typing import Any

import pandas as pd
import streamlit as st

from app import schema
from app.api import client
from app.contract import columns, parsing
from app.dashboard import cached_reads, charts
from app.data import reading
from app.errors import InvalidData

ROWS = 1000
"""Rows of a file, at most; a larger table is work for `batch`."""

PART = 100
"""Records that the API is asked about at a time."""

MEGABYTES = 5


@st.cache_data(ttl=600, max_entries=10, show_spinner="Reading the file")
def read(content: bytes, path: str) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Read a file as texts, and say which rows break which rules."""
    texts, features = reading.parse_csv(content, path), columns.features()
    absent = [name for name, c in features.items() if name not in texts and not c.nullable]
    if absent:
        raise InvalidData(f"{path} has no column {absent[0]!r}: its header must name each field.")
    if not 1 <= len(texts) <= ROWS:
        raise InvalidData(
            f"{path} has {len(texts):,} rows: upload 1 to {ROWS:,}; larger tables are scored "
            "by `uv run poe batch`."
        )
    return texts, faults(texts)


def faults(texts: pd.DataFrame) -> dict[int, list[str]]:
    """Say which rows break which rules: a half without a fault is parsed at once."""
    try:
        typed(texts)
    except InvalidData as error:
        if len(texts) == 1:
            return {texts.index[0]: error.problems}
        half = len(texts) // 2
        return faults(texts[:half]) | faults(texts[half:])
    return {}


def typed(texts: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn rows of texts into records; a column that is absent is unknown."""
    raw = {n: texts[n].tolist() if n in texts else [None] * len(texts) for n in columns.features()}
    parsed = parsing.parse_columns(raw, schema.Record)
    return [dict(zip(parsed, values, strict=True)) for values in zip(*parsed.values(), strict=True)]


def show_faults(problems: dict[int, list[str]]) -> None:
    """List the rows that are left out, numbered as a spreadsheet does."""
    st.subheader("Rows that break a rule")
    rows = [(row + 2, why) for row, reasons in problems.items() for why in reasons]
    frame = pd.DataFrame(rows, columns=["row", "why"])
    st.dataframe(frame, hide_index=True, alt="Each row that is left out, and why")
    st.caption("The header is row 1. Mend these rows and upload the file again, or go on without.")


def answer(records: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
    """Ask the API in parts, from where it stopped before."""
    progress = st.progress(0.0, "Asking the API")
    while len(answers) < len(records):
        given = client.ask("/predict", records[len(answers) : len(answers) + PART])
        made = {"model_version": given["model_version"]}
        answers.extend(one | made for one in given["predictions"])
        progress.progress(len(answers) / len(records), f"{len(answers):,} rows are answered")
    progress.empty()


def show_answers(texts: pd.DataFrame, answers: list[dict[str, Any]]) -> None:
    """Show the rows with their answers, to read and to download."""
    names = ["prediction", "probability", "id", "model_version"]
    added = pd.DataFrame(answers, index=texts.index)[names].dropna(axis="columns", how="all")
    both = added.join(texts.drop(columns=names, errors="ignore"))
    shown = both.drop(columns=["id", "model_version"])
    titles = charts.titles() | {"prediction": columns.target().label}
    st.subheader("Answers")
    st.dataframe(shown, hide_index=True, column_config=titles, alt="Each row with its answer")
    content = both.to_csv(index=False).encode()
    st.download_button("Download as CSV", content, "answers.csv", "text/csv")
    st.caption("The file also holds ids, to which labels can be given, and the model's version.")


st.title("Predict a table")
st.write(f"A CSV file with a column for each field, {ROWS:,} rows at most. Its answers are kept.")
example = pd.DataFrame([columns.example_record()]).to_csv(index=False).encode()
st.download_button("Download an example", example, "example.csv", "text/csv")
file = st.file_uploader("Records as CSV", type="csv", max_upload_size=MEGABYTES)
if file is None:
    st.stop()
try:
    everything, problems = read(file.getvalue(), file.name)
except InvalidData as invalid:
    st.error("\n\n".join(invalid.problems))
    st.stop()
sound = everything.drop(index=list(problems))
if problems:
    show_faults(problems)
if st.button(f"Predict {len(sound):,} rows", type="primary", disabled=sound.empty):
    st.session_state.table = (file.file_id, [])
asked_for, given_answers = st.session_state.get("table", (None, []))
if asked_for == file.file_id:
    with cached_reads.failure_shown():
        answer(typed(sound), given_answers)
    show_answers(sound, given_answers)
