"""Show the examples that the next training learns from: distributions, gaps, correlations."""

import pandas as pd
import streamlit as st

from app import schema
from app.contract import columns
from app.dashboard import cached_reads, charts

COMMONEST = 20
"""Categories, or columns with gaps, that are drawn by name; all other categories are one."""


def distribution(frame: pd.DataFrame, column: columns.Column) -> None:
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
    if columns.task() == "classification":
        counts = pd.crosstab(values, frame[schema.TARGET].map(str))
    about = f"How {column.label} is distributed"
    charts.bars(counts, "examples", about, title=column.label, stack=True)


def correlations(frame: pd.DataFrame) -> None:
    """Show how numbers go together, by rank."""
    names = {c.name: c.label for c in columns.of().values() if c.quantity}
    if len(names) < 2:
        return
    st.subheader("Correlations")
    ranks = frame[list(names)].astype(float).corr(method="spearman")
    most = ranks.abs().sum().nlargest(10).index
    about = f"Spearman's rank correlation, {len(most)} of {len(names)} numbers"
    shown = ranks.loc[most, most].rename(index=names, columns=names)
    charts.heatmap(shown, (about, ""), about, correlation=True)


def missing(gaps: "pd.Series[float]") -> None:
    """Show how much of each column is missing, if any."""
    st.subheader("Missing values")
    if not gaps.any():
        st.write("No value is missing.")
        return
    shares = (100 * gaps[gaps > 0]).nlargest(COMMONEST).rename(lambda n: columns.of()[n].label)
    about = f"How much is missing of {len(shares)} of {gaps.gt(0).sum()} columns with gaps"
    charts.bars(shares.to_frame("missing"), "missing, % of the examples", about, title=about)


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

st.subheader("Distributions")
choices = [*columns.features().values(), columns.target()]
chosen = st.selectbox("Column", choices, format_func=lambda column: column.label)
if chosen is not None:
    distribution(examples, chosen)

missing(missing_shares)
correlations(examples)
