"""The form of a record, made from the contract, and real examples to fill it with."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.contract import columns
from app.dashboard import cached_reads

Record = dict[str, Any]
REAL = 6
"""Real examples that are offered."""

WIDTH = 210
"""Pixels of a field: as many stand side by side as a page is wide."""


def show(examples: pd.DataFrame) -> tuple[Record, bool]:
    """Show an input per feature, and give their values and whether the button was pressed."""
    rows = real_rows(examples)
    former: Record = st.session_state.get("asked", next(iter(rows.values()), {}))
    if rows:
        about = "Held-out examples, which the champion did not learn from."
        st.pills(
            "Start from a real example", rows, key="real", help=about, on_change=fill, args=(rows,)
        )
    with st.form("record"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            record = {column.name: ask(column, former) for column in columns.features().values()}
        return record, st.form_submit_button("Predict", type="primary")


def real_rows(examples: pd.DataFrame) -> dict[str, Record]:
    """Choose held-out examples with different answers, each named by two of its values."""
    features = list(columns.features().values())
    naming = ([column for column in features if column.choices] or features)[:2]
    rows = examples[examples["held_out"]] if len(examples) else examples
    if rows.empty or not cached_reads.shows_records():
        return {}
    rows = rows.sort_values("prediction", kind="stable").drop_duplicates([c.name for c in naming])
    places = np.unique(np.linspace(0, len(rows) - 1, REAL).astype(int))
    chosen = cached_reads.as_records(rows.iloc[places])
    return {", ".join(named(c, row[c.name]) for c in naming): row for row in chosen}


def fill(rows: dict[str, Record]) -> None:
    """Put the chosen example into the fields."""
    for name, value in rows.get(st.session_state["real"], {}).items():
        st.session_state[f"field {name}"] = value


def ask(column: columns.Column, former: Record) -> Any:
    """Show the input that fits a column, and give its value; an empty one is unknown."""
    key = f"field {column.name}"
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


def named(column: columns.Column, value: Any) -> str:
    """Give a value as it stands alone: a category by itself, anything else with its column."""
    return spoken(value)[:40] if column.choices else f"{column.label}: {spoken(value)[:40]}"


def spoken(value: Any) -> str:
    """Give a value as a person says it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return {"True": "yes", "False": "no", "None": "unknown"}.get(str(value), str(value))
