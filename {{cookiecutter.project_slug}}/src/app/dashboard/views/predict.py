"""Ask the API for a prediction: the form comes from the contract, the answer over HTTP."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import schema
from app.api import client
from app.contract import columns
from app.dashboard import cached_reads, charts
from app.errors import ModelRefused

Record = dict[str, Any]
STEPS = 25
WIDTH = 210
"""Pixels of a field: as many stand side by side as a page is wide."""


def form() -> tuple[Record, bool]:
    """Show an input per feature, and give their values and whether the button was pressed."""
    with st.form("record"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            record = {column.name: ask(column) for column in columns.features().values()}
        return record, st.form_submit_button("Predict", type="primary")


def ask(column: columns.Column) -> Any:
    """Show the input that fits a column, and give its value; an empty one is unknown."""
    key = f"field {column.name}"
    former: Record = st.session_state.get("asked", {})
    st.session_state.setdefault(key, former.get(column.name, column.example))
    if column.options:
        options = [*column.options, *[None] * column.nullable]
        return st.selectbox(column.label, options, format_func=spoken, key=key, width=WIDTH)
    if not column.numeric:
        return st.text_input(column.label, key=key, width=WIDTH) or None
    number = int if column.kind == "integer" else float
    low, high = [x if x is None else number(x) for x in (column.minimum, column.maximum)]
    hint = f"{low} to {high}" if None not in (low, high) else None
    shape: dict[str, Any] = {"step": step(column), "help": hint, "required": not column.nullable}
    shape["format"] = "%d" if number is int else "%.10g"  # otherwise two decimals are shown
    return st.number_input(column.label, low, high, None, key=key, width=WIDTH, **shape)


def step(column: columns.Column) -> float:
    """Give a power of ten: about a hundredth of a number's range, or of its example."""
    limits = [limit for limit in (column.minimum, column.maximum) if limit is not None]
    wide = limits[1] - limits[0] if len(limits) == 2 else abs(column.example)
    power = 10.0 ** math.floor(math.log10((wide or 1) / 100))
    return max(1, round(power)) if column.kind == "integer" else power


def spoken(value: Any) -> str:
    """Give a value as a person says it."""
    return {"True": "yes", "False": "no", "None": "unknown"}.get(str(value), str(value))


def show(answer: Record) -> None:
    """Show an answer of the API: the value, how sure it is, and by which model."""
    given = answer["predictions"][0]
    shares, label = given["probabilities"], columns.target().label
    if shares:
        value, sure = spoken(given["prediction"]), f"probability {given['probability']:.0%}"
    else:
        value, sure = f"{given['prediction']:.2f}", interval(answer["model_version"])
    st.metric(label, value, sure, delta_color="off", delta_arrow="off", border=True)
    if shares:
        frame = pd.DataFrame({"probability": shares}).rename(index=spoken)
        charts.bars(frame, "probability, 0 to 1", "The probability of each class")
    st.caption(f"Model {answer['model_version']}, prediction {given['id']}")


def interval(version: str) -> str:
    """Say how far from the truth answers were, where the version says what it was trained on."""
    try:
        width = cached_reads.half_width(cached_reads.trained_on(version))
    except ModelRefused:
        width = math.inf
    if math.isinf(width):
        return "no interval: too few held-out examples are known"
    return f"± {width:.3g}: so close were 90 of 100 answers to held-out examples"


def variants(column: columns.Column, record: Record) -> list[Any]:
    """Give the values of one feature to ask about: all choices, or steps over its range."""
    if not column.quantity:
        return list(column.options)
    value = column.example if record[column.name] is None else record[column.name]
    low = column.minimum if column.minimum is not None else value - abs(value) - 1
    high = column.maximum if column.maximum is not None else max(value, low) + abs(value) + 1
    steps = np.linspace(min(low, high - 1), high, STEPS + 2)[1:-1]  # a bound itself may be excluded
    return sorted({round(x) for x in steps}) if column.kind == "integer" else steps.tolist()


def what_if(record: Record) -> None:
    """Ask again with one feature changed, and draw the answers; these are not kept."""
    st.subheader("What if one thing were different?")
    changeable = [column for column in columns.features().values() if variants(column, record)]
    chosen = st.selectbox("Change", changeable, format_func=lambda column: column.label)
    if chosen is None:
        return
    values = variants(chosen, record)
    with cached_reads.failure_shown():
        answer = client.ask("/predict?keep=false", [record | {chosen.name: v} for v in values])
    frame, unit = answers_of(answer["predictions"])
    about = f"The answer for each {chosen.label}, all else as asked"
    if chosen.quantity:
        charts.lines(frame.set_index(pd.Index(values)), chosen.label, unit, about)
    else:
        charts.bars(frame.set_index(pd.Index(map(spoken, values))), unit, about, title=chosen.label)
    st.caption(f"All else as asked; {chosen.label} was {spoken(record[chosen.name])}.")


def answers_of(answers: list[Record]) -> tuple[pd.DataFrame, str]:
    """Give what to draw of several answers, and its unit: a column per class, or the value."""
    if answers[0]["probabilities"]:
        shares = pd.DataFrame([answer["probabilities"] for answer in answers])
        return shares.rename(columns=spoken), "probability, 0 to 1"
    label = columns.target().label
    return pd.DataFrame({label: [answer["prediction"] for answer in answers]}), label


st.title("Predict")
st.write((schema.Record.__doc__ or "").strip())
asked, sent = form()
if sent:
    st.session_state.asked = asked
    st.session_state.pop("answer", None)
if "asked" in st.session_state:
    with cached_reads.failure_shown():
        if "answer" not in st.session_state:  # also when somebody tries again
            with st.spinner("Asking the API"):
                st.session_state.answer = client.ask("/predict", st.session_state.asked)
        show(st.session_state.answer)
    what_if(st.session_state.asked)
