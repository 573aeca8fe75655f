"""Show the examples that the next training learns from: rows, distributions, gaps, pairs."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from app import schema
from app.contract import columns
from app.dashboard import cached_reads, charts

COMMONEST = 20
"""Categories, or columns with gaps, that are drawn by name; all other categories are one."""

READ = 100
"""Rows to look at, and the next are points in a plot."""

POINTS = 1000


def some(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Draw rows by chance, always the same ones."""
    return frame.sample(min(most, len(frame)), random_state=0)


def rows(frame: pd.DataFrame) -> None:
    """Show some rows, drawn by chance."""
    st.subheader("Rows")
    drawn = some(frame, READ)
    about = f"{len(drawn)} of {len(frame):,} examples, drawn by chance"
    st.dataframe(drawn, hide_index=True, column_config=charts.titles(), height=300, alt=about)
    st.caption(f"{about}; a click on a header sorts them.")


def by_name(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give values as texts: the commonest ones, all others as one, and gaps."""
    texts = values.map(str, na_action="ignore")
    named = texts.value_counts().index[:COMMONEST]
    return texts.mask(texts.notna() & ~texts.isin(named), "all others")


def distribution(frame: pd.DataFrame, column: columns.Column) -> None:
    """Show one column: counts, for a classification by class."""
    values = frame[column.name]
    if column.quantity and values.nunique() > COMMONEST:
        values = pd.cut(values.astype(float), 20).map(lambda part: part.mid, na_action="ignore")
        values = values.astype(float)
    elif not column.quantity:
        values = by_name(values)
    counts = values.value_counts().sort_index().to_frame("examples")
    if columns.task() == "classification":
        counts = pd.crosstab(values, frame[schema.TARGET].map(str))
    about = f"How {column.label} is distributed"
    charts.bars(counts, "examples", about, column.label, stack="zero")


def against(frame: pd.DataFrame, across: columns.Column, up: columns.Column) -> None:
    """Show two columns against each other: points, boxes or counts, as they are numbers or not."""
    about, frame = f"{up.label} against {across.label}", some(frame, POINTS)
    values = {
        c.label: frame[c.name].astype(float) if c.quantity else by_name(frame[c.name])
        for c in (across, up)
    }
    if not (across.quantity or up.quantity):
        counts = pd.crosstab(values[up.label], values[across.label])
        charts.heatmap(counts, (up.label, across.label), about)
        return
    if across.quantity and up.quantity and columns.task() == "classification":
        values[columns.target().label] = by_name(frame[schema.TARGET])
    charts.points(pd.DataFrame(values), about)


def pair(frame: pd.DataFrame, choices: list[columns.Column]) -> None:
    """Let the reader choose two columns, and show them."""
    st.subheader("Two columns against each other")
    left, right = st.columns(2)
    measures = sorted(choices, key=lambda column: column.kind != "number")
    first = left.selectbox("Across", measures, format_func=lambda column: column.label)
    others = sorted(choices[::-1], key=lambda column: not column.quantity)
    others = [column for column in others if column != first]
    second = right.selectbox("Up", others, format_func=lambda column: column.label)
    if first is not None and second is not None:
        against(frame, first, second)


def correlations(frame: pd.DataFrame) -> None:
    """Show how numbers go together, by rank."""
    names = [column.name for column in columns.of().values() if column.quantity]
    if len(names) < 2:
        return
    st.subheader("Correlations")
    ranks = frame[names].astype(float).corr(method="spearman")
    most = ranks.abs().sum().nlargest(8).index
    about = f"Spearman's rank correlation, {len(most)} of {len(names)} numbers"
    shown = ranks.loc[most, most].rename(index=charts.titles(), columns=charts.titles())
    charts.heatmap(shown, ("", ""), about, correlation=True)
    st.caption(f"{about}.")


def missing(gaps: "pd.Series[float]") -> None:
    """Show how much of each column is missing, if any."""
    st.subheader("Missing values")
    if not gaps.any():
        st.write("No value is missing.")
        return
    shares = (100 * gaps[gaps > 0]).nlargest(COMMONEST).rename(charts.titles())
    about = f"What is missing in {len(shares)} of {gaps.gt(0).sum()} columns with gaps"
    whole = alt.Scale(domain=[0, 100])
    charts.bars(shares.to_frame("missing"), "% of the examples", about, scale=whole)
    st.caption(f"{about}; the others have none.")


st.title("Data")
st.write("The examples in the table `examples`, from which the next training learns.")
with cached_reads.failure_shown():
    examples = cached_reads.examples()
places = st.columns(3)
shown = f"{len(examples):,}" + (" (the first)" if len(examples) == cached_reads.EXAMPLES else "")
places[0].metric("Examples", shown, border=True)
places[1].metric("Features", len(columns.features()), border=True)
missing_shares = examples.isna().mean()
places[2].metric("Cells missing", f"{missing_shares.mean():.1%}", border=True)

if cached_reads.shows_records():
    rows(examples)

choices = [*columns.features().values(), columns.target()]
st.subheader("Distributions")
chosen = st.selectbox("Column", choices, format_func=lambda column: column.label)
if chosen is not None:
    distribution(examples, chosen)

if cached_reads.shows_records():
    pair(examples, choices)

missing(missing_shares)
correlations(examples)
