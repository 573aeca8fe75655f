"""Why an answer is what it is: each value occluded, or one changed; the API is asked, in bounds.

All questions are asked with `?keep=false`, so they are neither past predictions nor drift.
"""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from app.api import client
from app.contract import columns
from app.dashboard import cached_reads, charts
from app.dashboard.record_form import Record, spoken

STEPS = 25
ASKED = 400
"""Records that a question asks about, at most."""

OTHERS = 20
"""Examples whose values take the place of one, at most."""

DRAWN = 12


@st.cache_data(ttl=600, max_entries=100, show_spinner="Asking the API why")
def effects(record: Record, version: str) -> pd.DataFrame:
    """Give how much each value moves the answer: the answer, less the mean of those without it.

    Prediction difference analysis: each value in turn is replaced by those of other examples.
    Robnik-Šikonja and Kononenko, "Explaining Classifications For Individual Instances", IEEE TKDE
    20 (2008). A row per feature; a column per class, or the number.
    """
    names, examples = list(record)[:ASKED], cached_reads.trained_on(version)
    count = max(1, min(OTHERS, ASKED // len(names), len(examples)))
    others = cached_reads.as_records(examples.sample(count, random_state=0))
    without = [record | {name: other[name]} for name in names for other in others]
    answered, _ = ask([record, *without])
    means = answered[1:].groupby(np.repeat(names, count), sort=False).mean()
    return answered.iloc[0] - means


def why(record: Record, answer: Record) -> None:
    """Draw how much each value moves an answer, the largest first."""
    st.subheader("Why this answer?")
    given, target = spoken(answer["predictions"][0]["prediction"]), columns.target().label
    moved = effects(record, answer["model_version"])
    shift = moved[given] if given in moved else moved[target]
    shift = shift.loc[shift.abs().nlargest(DRAWN).index]
    unit = f"moves the probability of {given} by" if given in moved else f"moves {target} by"
    labels = {
        name: f"{charts.short(column.label)}: {charts.short(spoken(record[name]), 12)}"
        for name, column in columns.features().items()
    }
    charts.bars(
        shift.rename(labels).to_frame("moves"), unit, "How much each value moves the answer"
    )
    st.caption(
        f"Occlusion: each value in turn gives way to those of up to {OTHERS} examples that the "
        "model knows, and the API is asked again. A bar is this answer less the mean of those. "
        f"{len(shift)} of {len(moved)} values; together they need not add up."
    )


def what_if(record: Record) -> None:
    """Ask again with one feature changed, and draw the answers."""
    st.subheader("What if one thing were different?")
    changeable = [column for column in columns.features().values() if variants(column, record)]
    chosen = st.selectbox("Change", changeable, format_func=lambda column: column.label)
    if chosen is None:
        return
    values = variants(chosen, record)
    with st.spinner("Asking the API"):
        frame, unit = ask([record | {chosen.name: value} for value in values])
    about = f"The answer for each {chosen.label}, all else as asked"
    scale = charts.SHARES if len(frame.columns) > 1 else alt.Undefined
    if chosen.quantity:
        charts.lines(frame.set_index(pd.Index(values)), chosen.label, unit, about, scale=scale)
    else:
        frame.index = pd.Index(map(spoken, values))
        charts.bars(frame, unit, about, chosen.label, scale=scale)
    st.caption(f"All else as asked; {chosen.label} was {spoken(record[chosen.name])}.")


def variants(column: columns.Column, record: Record) -> list[Any]:
    """Give the values of one feature to ask about: its choices, or steps over its range."""
    if not column.quantity:
        return list(column.options[:ASKED])
    value = column.example if record[column.name] is None else record[column.name]
    low = column.minimum if column.minimum is not None else value - abs(value) - 1
    high = column.maximum if column.maximum is not None else max(value, low) + abs(value) + 1
    steps = np.linspace(min(low, high - 1), high, STEPS + 2)[1:-1]  # a bound itself may be excluded
    return sorted({round(x) for x in steps}) if column.kind == "integer" else steps.tolist()


def ask(records: list[Record]) -> tuple[pd.DataFrame, str]:
    """Give the answers to records, and their unit: a column per class, or the value."""
    answers = client.ask("/predict?keep=false", records)["predictions"]
    if answers[0]["probabilities"]:
        shares = pd.DataFrame([answer["probabilities"] for answer in answers])
        return shares.rename(columns=spoken), "probability, 0 to 1"
    label = columns.target().label
    return pd.DataFrame({label: [answer["prediction"] for answer in answers]}), label
