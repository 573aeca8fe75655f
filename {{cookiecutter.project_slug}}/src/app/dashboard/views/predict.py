"""Ask the API for a prediction: the form comes from the contract, the answer over HTTP."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import client, contract, reference, schema
from app.dashboard import charts, reading
from app.errors import ModelRefused

Record = dict[str, Any]
STEPS = 25


def form() -> tuple[Record, bool]:
    """Show an input per feature, and give their values and whether the button was pressed."""
    columns = list(contract.features().values())
    with st.form("record"):
        record = {}
        for pair in zip(columns[::2], [*columns[1::2], None], strict=False):
            for place, column in zip(st.columns(2), pair, strict=True):
                if column is not None:
                    with place:
                        record[column.name] = ask(column)
        return record, st.form_submit_button("Predict", type="primary")


def ask(column: contract.Column) -> Any:
    """Show the input that fits a column, and give its value; an empty one is unknown."""
    key = f"field {column.name}"
    former: Record = st.session_state.get("asked", {})
    st.session_state.setdefault(key, former.get(column.name, column.example))
    if column.options:
        options = [*column.options, *[None] * column.nullable]
        return st.selectbox(column.label, options, format_func=told, key=key)
    if not column.numeric:
        return st.text_input(column.label, key=key) or None
    number = int if column.kind == "integer" else float
    low, high = [None if e is None else number(e) for e in (column.minimum, column.maximum)]
    return st.number_input(
        column.label,
        low,
        high,
        None,
        step(column),
        "%d" if number is int else "%.10g",  # otherwise two decimals are shown
        key,
        help=f"{low} to {high}" if None not in (low, high) else None,
        required=not column.nullable,
    )


def step(column: contract.Column) -> float:
    """Give a power of ten: about a hundredth of a number's range, or of its example."""
    if column.minimum is None or column.maximum is None:
        wide = abs(column.example)
    else:
        wide = column.maximum - column.minimum
    found = 10.0 ** math.floor(math.log10((wide or 1) / 100))
    return max(1, round(found)) if column.kind == "integer" else found


def told(value: Any) -> str:
    """Give a value as a person says it."""
    return {"True": "yes", "False": "no", "None": "unknown"}.get(str(value), str(value))


def show(answer: Record) -> None:
    """Show an answer of the API: the value, how sure it is, and by which model."""
    found, shares = answer["predictions"][0], answer["predictions"][0]["probabilities"]
    value = told(found["prediction"]) if shares else f"{found['prediction']:.2f}"
    sure = (
        f"probability {found['probability']:.0%}" if shares else interval(answer["model_version"])
    )
    label = contract.target().label
    st.metric(label, value, sure, delta_color="off", delta_arrow="off", border=True)
    if shares:
        frame = pd.DataFrame({"probability": shares}).rename(index=told)
        charts.bars(frame, "probability, 0 to 1", "The probability of each class")
    st.caption(f"Model {answer['model_version']}, prediction {found['id']}")


def interval(version: str) -> str:
    """Say how far from the truth answers were, where the version says what it was trained on."""
    try:
        width = reference.half_width(reading.trained_on(version))
    except ModelRefused:
        width = math.inf
    if math.isinf(width):
        return "no interval: too few held-out examples are known"
    return f"± {width:.3g}: so close were 90 of 100 answers to held-out examples"


def variants(column: contract.Column, record: Record) -> list[Any]:
    """Give the values of one feature to ask about: all choices, or steps over its range."""
    if not column.quantity:
        return list(column.options)
    known = record[column.name]
    value = column.example if known is None else known
    low = column.minimum if column.minimum is not None else value - abs(value) - 1
    high = column.maximum if column.maximum is not None else max(value, low) + abs(value) + 1
    steps = np.linspace(min(low, high - 1), high, STEPS + 2)[1:-1]  # a bound itself may be excluded
    return sorted({round(x) for x in steps}) if column.kind == "integer" else steps.tolist()


def what_if(record: Record) -> None:
    """Ask again with one feature changed, and draw the answers; these are not kept."""
    st.subheader("What if one thing were different?")
    columns = [column for column in contract.features().values() if variants(column, record)]
    chosen = st.selectbox("Change", columns, format_func=lambda column: column.label)
    if chosen is None:
        return
    values = variants(chosen, record)
    with reading.told():
        answer = client.ask("/predict?keep=false", [record | {chosen.name: v} for v in values])
    frame, unit = answers_of(answer["predictions"])
    about = f"The answer for each {chosen.label}, all else as asked"
    if chosen.quantity:
        charts.lines(frame.set_index(pd.Index(values)), chosen.label, unit, about)
    else:
        charts.bars(frame.set_index(pd.Index(map(told, values))), unit, about, title=chosen.label)
    st.caption(f"All else as asked; {chosen.label} was {told(record[chosen.name])}.")


def answers_of(found: list[Record]) -> tuple[pd.DataFrame, str]:
    """Give what to draw of several answers, and its unit: a column per class, or the value."""
    if found[0]["probabilities"]:
        shares = pd.DataFrame([one["probabilities"] for one in found]).rename(columns=told)
        return shares, "probability, 0 to 1"
    label = contract.target().label
    return pd.DataFrame({label: [one["prediction"] for one in found]}), label


st.title("Predict")
st.write((schema.Record.__doc__ or "").strip())
asked, sent = form()
if sent:
    st.session_state.asked = asked
    st.session_state.pop("answer", None)
if "asked" in st.session_state:
    with reading.told():
        if "answer" not in st.session_state:  # also when somebody tries again
            with st.spinner("Asking the API"):
                st.session_state.answer = client.ask("/predict", st.session_state.asked)
        show(st.session_state.answer)
    what_if(st.session_state.asked)
