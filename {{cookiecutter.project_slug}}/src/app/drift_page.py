"""What the monitor found, as a page with a figure: docs/DRIFT.md."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from app import page

PAGE = Path("docs/DRIFT.md")


def write(newest: pd.DataFrame, every: pd.DataFrame) -> None:
    """Write the page from the newest windows and all that are kept; a container has no docs/."""
    if PAGE.parent.is_dir():
        page.write(PAGE, describe(newest), draw(every))


def describe(newest: pd.DataFrame) -> str:
    """Describe the newest windows in Markdown: a row for each comparison, alarms first."""
    ordered = newest.sort_values(["alarm", "source"], ascending=False, kind="stable")
    rows = [
        f"| {'**alarm**' if row.alarm else 'quiet'} | {row.source} | {row.kind} | `{row.name}` "
        f"| {row.before:.3g} | {row.now:.3g} | {row.effect:.2f} | {row.limit:g} "
        f"| {row.p_value:.2g} | {row.rows} | {row.until:%Y-%m-%d %H:%M} |"
        for row in ordered.itertuples(index=False)
    ]
    versions, alarms = ", ".join(newest["model_version"].unique()), newest["alarm"].sum()
    return f"""# Drift

Written by `uv run poe monitor`; `docs/MONITORING.md` says how to read it.
Models: {versions}; {alarms} of {len(newest)} comparisons alarm.

| | source | drift | of | before | now | effect | limit | p | rows | until (UTC) |
|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

Before and now are means of numbers, shares of the commonest category, or the main metric.

![Effects in units of their limit, window after window](figures/drift.png)
"""


def draw(every: pd.DataFrame) -> Figure:
    """Draw each comparison's effect over time, as a multiple of its limit."""
    sources = sorted(every["source"].unique())
    figure = Figure(figsize=(9, 3.2 * len(sources)), layout="constrained")
    axes = figure.subplots(len(sources), 1, squeeze=False)
    for source, (place,) in zip(sources, axes, strict=True):
        for name, rows in every[every["source"] == source].groupby("name", sort=False):
            place.plot(rows["until"], rows["effect"] / rows["limit"], ".-", label=name)
        place.axhline(1, color="black", linestyle="--", linewidth=1)
        place.set(title=source, ylabel="effect / limit (over 1 is large)")
        place.tick_params(axis="x", rotation=20, labelsize=8)
        place.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
