"""Show the examples that the next training learns from: distributions, gaps, correlations."""

import pandas as pd
import streamlit as st

from app import contract, schema
from app.dashboard import charts, reading

COMMONEST = 20
"""Categories that are drawn by name; all others are drawn as one."""


def distribution(frame: pd.DataFrame, column: contract.Column) -> None:
    """Show one column: counts, for a classification by class."""
    values = frame[column.name]
    if column.quantity and values.nunique() > COMMONEST:
        values = pd.cut(values.astype(float), 20).map(lambda part: part.mid, na_action="ignore")
        values = values.astype(float)
    else:
        values = values.map(str, na_action="ignore")
        named = values.value_counts().index[:COMMONEST]
        values = values.mask(values.notna() & ~values.isin(named), "all others")
    counts = values.value_counts().sort_index().to_frame("examples")
    if contract.task() == "classification":
        counts = pd.crosstab(values, frame[schema.TARGET].map(str))
    about = f"How {column.label} is distributed"
    charts.bars(counts, "examples", about, title=column.label, stack=True)


def correlations(frame: pd.DataFrame) -> None:
    """Show how numbers go together, by rank."""
    names = {c.name: c.label for c in contract.columns().values() if c.quantity}
    if len(names) < 2:
        return
    st.subheader("Correlations")
    found = frame[list(names)].astype(float).rename(columns=names).corr(method="spearman")
    about = "Spearman's rank correlation of each pair of numbers"
    charts.heatmap(found, ("", ""), about, correlation=True)


def missing(gaps: "pd.Series[float]") -> None:
    """Show how much of each column is missing, if any."""
    st.subheader("Missing values")
    if not gaps.any():
        st.write("No value is missing.")
        return
    labels = {name: column.label for name, column in contract.columns().items()}
    found = (100 * gaps[gaps > 0]).rename(labels).sort_values(ascending=False)
    about = "How much of each column is missing"
    charts.bars(found.to_frame("missing"), "missing, % of the examples", about)


st.title("Data")
st.write("The examples in the table `examples`, from which the next training learns.")
with reading.told():
    examples = reading.examples()
places = st.columns(3)
shown = f"{len(examples):,}" + (" (the first)" if len(examples) == reading.EXAMPLES else "")
places[0].metric("Examples", shown, border=True)
places[1].metric("Features", len(contract.features()), border=True)
shares = examples.isna().mean()
places[2].metric("Cells missing", f"{shares.mean():.1%}", border=True)

st.subheader("Distributions")
chosen = st.selectbox(
    "Column",
    [*contract.features().values(), contract.target()],
    format_func=lambda column: column.label,
)
if chosen is not None:
    distribution(examples, chosen)

missing(shares)
correlations(examples)
