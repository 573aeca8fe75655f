"""Explore the examples: figures and numbers, written to `docs/` where readers find them."""

import logging
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from app import contract, data, schema

PAGE = Path("docs/EDA.md")
FIGURES = Path("docs/figures")
_log = logging.getLogger(__name__)


def main() -> None:
    """Write docs/EDA.md and its figures from the examples in the table."""
    mpl.use("Agg")
    examples = data.read_examples()
    FIGURES.mkdir(parents=True, exist_ok=True)
    draw_distributions(examples, FIGURES / "distributions.png")
    draw_by_target(examples, FIGURES / "by_target.png")
    PAGE.write_text(describe(examples), encoding="utf-8")
    _log.info("wrote %s and figures in %s", PAGE, FIGURES)


def describe(examples: pd.DataFrame) -> str:
    """Describe the examples in Markdown: size, target, and one row per column."""
    rows = [_describe_column(examples[name], column) for name, column in contract.columns().items()]
    parts = data.split(examples)
    return f"""# Exploratory data analysis

Written by `uv run poe eda`; do not edit it, your conclusions belong in `docs/DATA.md`.

- {len(examples)} examples of {len(contract.features())} features; data fingerprint `{data.fingerprint(examples)}`.
- The target is `{schema.TARGET}` ({contract.task()}); {len(parts.train)} examples are for training, {len(parts.test)} held out.

| column | missing | distinct | smallest, median, largest; or commonest |
|---|---|---|---|
{chr(10).join(rows)}

![How each column is distributed](figures/distributions.png)

![How each number goes with the target](figures/by_target.png)
"""


def draw_distributions(examples: pd.DataFrame, path: Path) -> None:
    """Draw a histogram of each number and the counts of each category."""
    names = list(contract.columns())
    figure, axes = _grid(len(names))
    for name, axis in zip(names, axes, strict=False):
        column = contract.columns()[name]
        if column.numeric and column.kind != "boolean":
            axis.hist(examples[name].dropna(), bins=30)
        else:
            examples[name].map(str).value_counts().head(10).plot.barh(ax=axis, ylabel="")
        axis.set_title(column.label, fontsize=9)
    _save(figure, path)


def draw_by_target(examples: pd.DataFrame, path: Path) -> None:
    """Draw each numeric feature against the target: boxes per class, or points."""
    chosen = [c for c in contract.features().values() if c.numeric and c.kind != "boolean"]
    figure, axes = _grid(max(1, len(chosen)))
    for column, axis in zip(chosen, axes, strict=False):
        known = examples[[column.name, schema.TARGET]].dropna()
        if contract.task() == "regression":
            axis.plot(known[column.name], known[schema.TARGET], ".", markersize=2)
        else:
            groups = known.groupby(known[schema.TARGET].map(str))[column.name]
            axis.boxplot([group for _, group in groups], tick_labels=[name for name, _ in groups])
        axis.set_title(column.label, fontsize=9)
    _save(figure, path)


def _describe_column(values: pd.Series, column: contract.Column) -> str:
    known = values.dropna()
    if column.numeric and column.kind in ("number", "integer") and len(known):
        known = known.astype(float)
        told = f"{known.min():g}, {known.median():g}, {known.max():g}"
    else:
        told = ", ".join(f"{name} ({n})" for name, n in known.map(str).value_counts().head(3).items())
    return f"| `{column.name}` | {values.isna().sum()} | {values.nunique()} | {told} |"


def _grid(count: int) -> tuple[plt.Figure, list[plt.Axes]]:
    rows = -(-count // 3)
    figure, axes = plt.subplots(rows, 3, figsize=(12, 2.6 * rows), squeeze=False)
    for axis in axes.flat[count:]:
        axis.axis("off")
    return figure, list(axes.flat)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
