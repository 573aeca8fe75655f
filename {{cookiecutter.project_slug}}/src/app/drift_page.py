"""What the monitor found, as a page with a figure: docs/DRIFT.md."""

import logging
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

PAGE = Path("docs/DRIFT.md")
FIGURE = Path("docs/figures/drift.png")
_log = logging.getLogger(__name__)


def write(newest: pd.DataFrame, every: pd.DataFrame) -> None:
    """Write the page from the newest windows and all that are kept; a container has no docs/."""
    if not PAGE.parent.is_dir():
        return
    FIGURE.parent.mkdir(exist_ok=True)
    draw(every, FIGURE)
    PAGE.write_text(describe(newest), encoding="utf-8", newline="\n")
    _log.info("wrote %s and %s", PAGE, FIGURE)


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


def draw(every: pd.DataFrame, path: Path) -> None:
    """Draw each comparison's effect over time, as a multiple of its limit."""
    mpl.use("Agg")
    sources = sorted(every["source"].unique())
    figure, axes = plt.subplots(
        len(sources), 1, figsize=(9, 3.2 * len(sources)), squeeze=False, layout="constrained"
    )
    for source, (place,) in zip(sources, axes, strict=True):
        for name, rows in every[every["source"] == source].groupby("name", sort=False):
            place.plot(rows["until"], rows["effect"] / rows["limit"], ".-", label=name)
        place.axhline(1, color="black", linestyle="--", linewidth=1)
        place.set(title=source, ylabel="effect / limit (over 1 is large)")
        place.tick_params(axis="x", rotation=20, labelsize=8)
        place.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=80)
    plt.close(figure)
