"""Explore the examples: figures and numbers, written to `docs/` where readers find them."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app import docs_page, schema
from app.contract import columns
from app.data import split

PAGE = Path("docs/EDA.md")


def main() -> None:
    """Write docs/EDA.md and its figure from the examples in the table."""
    examples = split.read_examples()
    docs_page.write(PAGE, describe(examples), draw(examples))


def describe(examples: pd.DataFrame) -> str:
    """Describe the examples in Markdown: size, target, and one row per column."""
    rows = [_describe_column(examples[name], column) for name, column in columns.of().items()]
    train, test = split.hold_out(examples)
    return f"""# Exploratory data analysis

Written by `uv run poe eda`; do not edit it: your conclusions belong in `docs/DATA.md`.

- {len(examples)} examples, {len(columns.features())} features;
  data fingerprint `{split.fingerprint(examples)}`.
- The target is `{schema.TARGET}` ({columns.task()}).
- {len(train)} examples are for training, {len(test)} are held out.

| column | missing | distinct | smallest, median, largest; or commonest |
|---|---|---|---|
{chr(10).join(rows)}

![Each column: how it is distributed, and how it goes with the target](figures/eda.png)
"""


def draw(examples: pd.DataFrame) -> Figure:
    """Draw a row per column: its distribution, and how the target goes with it."""
    drawn = [*columns.features().values(), columns.target()]
    figure = Figure(figsize=(10, 2.2 * len(drawn)), layout="tight")
    axes = figure.subplots(len(drawn), 2, squeeze=False)
    for column, (left, right) in zip(drawn, axes, strict=True):
        left.set_title(column.label, fontsize=9)
        _draw_column(examples, column, left, right)
    return figure


def _draw_column(examples: pd.DataFrame, column: columns.Column, left: Axes, right: Axes) -> None:
    values, target = examples[column.name], examples[schema.TARGET]
    groups: pd.Series = values.map(str)
    if column.quantity and values.nunique() > 10:
        values = values.astype(float)
        left.hist(values.dropna(), bins=30)
        groups = pd.cut(values, 10).map(_middle, na_action="ignore").astype(float)
    else:
        groups.value_counts().head(10).plot.barh(ax=left, ylabel="")
    if column.name == schema.TARGET:
        right.axis("off")
        return
    right.set_title(f"{schema.TARGET} by {column.name}", fontsize=9)
    if columns.task() == "regression":
        target.groupby(groups).mean().plot(ax=right, style=".-", xlabel="")
    else:
        shares = pd.crosstab(groups, target.map(str), normalize="index").head(20)
        shares.plot.bar(ax=right, stacked=True, xlabel="", rot=20, fontsize=7).legend(fontsize=6)


def _describe_column(values: pd.Series, column: columns.Column) -> str:
    present = values.dropna()
    counts = present.map(str).value_counts().head(3)
    summary = ", ".join(f"{name} ({count})" for name, count in counts.items())
    if column.quantity and len(present):
        summary = ", ".join(f"{present.astype(float).quantile(q):g}" for q in (0, 0.5, 1))
    return f"| `{column.name}` | {values.isna().sum()} | {values.nunique()} | {summary} |"


def _middle(group: "pd.Interval[float]") -> float:
    return float(f"{group.mid:.3g}")
