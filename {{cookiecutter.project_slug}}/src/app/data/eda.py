"""Explore the examples: figures and numbers, written to `docs/` where readers find them."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from app import docs_page, schema
from app.contract import columns
from app.data import split

PAGE = Path("docs/EDA.md")

DRAWN = 12
"""Features, and groups of a column's values, that the figure draws; the page describes all."""


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

![How often each value is, and the shares of classes there, or the target's mean](figures/eda.png)
"""


def draw(examples: pd.DataFrame) -> Figure:
    """Draw the target and the features that go best with it: distribution, and mean of the target.

    It goes best with a feature between whose groups most of its variance lies.
    The target is the share of each class; a number counts from its own mean.
    """
    groups = {name: _group(examples[name], column) for name, column in columns.of().items()}
    target = pd.get_dummies(groups[schema.TARGET], dtype=float)
    if columns.task() == "regression":
        target = examples[[schema.TARGET]].astype(float).apply(lambda value: value - value.mean())
    apart = {name: target.groupby(of).transform("mean").var().sum() for name, of in groups.items()}
    names = [schema.TARGET, *sorted(columns.features(), key=lambda name: -apart[name])[:DRAWN]]
    figure = Figure(figsize=(12, 2.2 * len(names)), layout="tight")
    for name, axes in zip(names, figure.subplots(len(names), 2), strict=True):
        _draw_row(axes, columns.of()[name], target.groupby(groups[name], observed=False))
    figure.get_axes()[1].remove()  # the target by itself
    figure.text(0.55, 0.97, f"{len(names) - 1} of {len(columns.features())} features, best first")
    return figure


def _draw_row(axes: Any, column: columns.Column, grouped: Any) -> None:
    look: Any = {"kind": "bar" if column.quantity else "barh", "stacked": True, "width": 0.9}
    titles = column.label, f"{schema.TARGET} by {column.name}"
    frames = grouped.size().to_frame("examples"), grouped.mean()
    for place, frame, title in zip(axes, frames, titles, strict=True):
        frame.rename(index=_short, columns=_short).plot(ax=place, fontsize=7, **look)
        place.set(title=_short(title, 50), xlabel="", ylabel="")
        place.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def _short(name: Any, longest: int = 24) -> str:
    """Cut a name so that the drawing has room; between two dollars it would be a formula."""
    text = str(name).replace("$", r"\$")
    return text if len(text) <= longest else f"{text[: longest - 10]}…{text[-9:]}"


def _group(values: pd.Series, column: columns.Column) -> pd.Series:
    """Give each value's group: the middle of its part of the range, or its name if common."""
    if column.quantity and values.nunique() > DRAWN:
        return pd.cut(values.astype(float), DRAWN).map(lambda x: f"{x.mid:.4g}", na_action="ignore")
    if column.quantity and values.notna().any():
        return values.astype(float)
    names = values.map(str).where(values.notna(), "missing")
    return names.where(names.isin(names.value_counts().index[:DRAWN]), "all others")


def _describe_column(values: pd.Series, column: columns.Column) -> str:
    counts = values.dropna().map(str).value_counts().head(3)
    summary = ", ".join(f"{name} ({count})" for name, count in counts.items())
    if column.quantity and len(counts):
        summary = ", ".join(f"{values.astype(float).quantile(q):g}" for q in (0, 0.5, 1))
    return f"| `{column.name}` | {values.isna().sum()} | {values.nunique()} | {summary} |"
