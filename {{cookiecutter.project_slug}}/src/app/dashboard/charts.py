"""The charts that several pages draw: labels that can be read, units, a text for who cannot see."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from app.contract import columns

SHARES = alt.Scale(domain=[0, 1])
"""The axis of probabilities, whichever are drawn."""

_STEP = 26
"""Pixels for a bar with its name, or half a cell; the others are for what stands around."""

_AXIS, _LEGEND, _BELOW_LEGEND, _PLOT = 80, 60, 28, 300
_NAMES = alt.Axis(labelLimit=180, labelOverlap=False)
_TOOLTIP = ["_row", "_of", alt.Tooltip("_value:Q", format=".3~g")]
_ROOM: dict[str, Any] = {"scale": alt.Scale(zero=False, padding=12), "axis": alt.Axis(grid=False)}
"""Room beyond the outermost points, so that none is cut off."""


def bars(frame: pd.DataFrame, unit: str, about: str, title: str = "", **options: Any) -> None:
    """Draw a bar per row and column, lying, with the names of the rows beside them.

    `title` says in a word or two what the rows are; `options` are those of the x axis.
    """
    many, options = len(frame.columns) > 1, {"stack": None} | options
    beside = [] if options["stack"] else list(frame.columns)
    encoding = {
        "x": alt.X("_value:Q", title=unit, **options),
        "y": alt.Y("_row:N", title=title or None, sort=None, axis=_NAMES),
        "yOffset": alt.YOffset("_of:N", sort=beside) if beside else alt.Undefined,
        "color": _colour(many),
    }
    height = len(frame) * max(1, len(beside)) * _STEP + _AXIS + _LEGEND * many
    _show(alt.Chart(_long(frame)).mark_bar().encode(**encoding, tooltip=_TOOLTIP), about, height)


def lines(
    frame: pd.DataFrame, title: str, unit: str, about: str, *, filled: bool = False, **options: Any
) -> None:
    """Draw a line per column over the index, a number or a time; `options` are those of the y axis.

    A column `limit` is a dashed line. `filled` lines are histograms, drawn over each other.
    """
    long, times = _long(frame.drop(columns="limit", errors="ignore")), frame.index.dtype.kind == "M"
    dates = alt.Axis(format="%d %b %H:%M", labelOverlap=True)
    time = alt.X("_row:T", title=title, axis=dates, scale=alt.Scale(padding=12))
    encoding = {
        "x": time if times else alt.X("_row:Q", title=title, **_ROOM),
        "y": alt.Y("_value:Q", title=unit, stack=None, **options),
        "color": _colour(long["_of"].nunique() > 1, _BELOW_LEGEND),
    }
    chart = alt.Chart(long).mark_line(point=len(frame) < 40)
    if filled:
        chart = chart.mark_area(line=True, opacity=0.35, interpolate="step")
    chart = chart.encode(**encoding, tooltip=_TOOLTIP)
    if "limit" in frame:
        rule = alt.Chart(frame).mark_rule(strokeDash=[6, 4], color="#888888", strokeWidth=2)
        chart = chart + rule.encode(y="max(limit):Q")
    _show(chart, about)


def points(frame: pd.DataFrame, about: str) -> None:
    """Draw a point per row: the first column across, the second up, a third as colours.

    Where the first or the second are categories, draw how the numbers of each are spread.
    """
    plain = frame.set_axis(["_across", "_up", "_of"][: len(frame.columns)], axis="columns").dropna()
    numbers = [pd.api.types.is_numeric_dtype(plain[name]) for name in ("_across", "_up")]
    chart = alt.Chart(plain).mark_circle(size=40, opacity=0.6)
    if not all(numbers):
        chart = chart.mark_boxplot(size=_STEP)
    across, up = (_ROOM if number else {"axis": _NAMES} for number in numbers)
    chart = chart.encode(
        x=alt.X("_across", title=frame.columns[0], **across),
        y=alt.Y("_up", title=frame.columns[1], **up),
        color=_colour(True, _BELOW_LEGEND) if "_of" in plain else alt.Undefined,
    )
    _show(chart, about, _PLOT + _LEGEND)


def heatmap(
    frame: pd.DataFrame, titles: tuple[str, str], about: str, *, correlation: bool = False
) -> None:
    """Draw a table of numbers as cells, each with its number; rows and columns have `titles`."""
    scale = alt.Scale(domain=[-1, 1], scheme="blueorange") if correlation else alt.Undefined
    names = alt.Axis(labelLimit=130, labelOverlap=False)
    across = alt.Axis(**names.to_dict(), labelAngle=0 if len(frame.columns) < 4 else -45)
    base = alt.Chart(_long(frame)).encode(
        x=alt.X("_of:N", title=titles[1] or None, sort=list(frame.columns), axis=across),
        y=alt.Y("_row:N", title=titles[0] or None, sort=list(frame.index), axis=names),
    )
    colour = alt.Color("_value:Q", legend=None, scale=scale)
    cells = base.mark_rect().encode(color=colour, tooltip=_TOOLTIP)
    number = alt.Text("_value:Q", format=".1~f" if correlation else "d")
    edge = base.mark_text(fontSize=12, stroke="white", strokeWidth=4).encode(text=number)
    texts = base.mark_text(fontSize=12, color="black").encode(text=number)
    _show(cells + edge + texts, about, 2 * _STEP * len(frame) + _AXIS + _LEGEND)


def titles() -> dict[str, str]:
    """Give the contract's label of each column, with its unit."""
    return {name: column.label for name, column in columns.of().items()}


def short(text: str, longest: int = 26) -> str:
    """Cut a text so that a chart has room."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _show(chart: Any, about: str, height: int = _PLOT) -> None:
    """Draw with few grid lines, titles that are not cut off, and a text for screen readers."""
    above = {"titleAngle": 0, "titleAlign": "left", "titleX": 0, "titleY": -18}
    plain = chart.properties(height=height).configure_axisQuantitative(tickCount=5)
    plain = plain.configure_axisYQuantitative(**above).configure_axisXQuantitative(
        titleAnchor="end"
    )
    st.altair_chart(plain, alt=about)


def _colour(many: bool, offset: int = 0) -> alt.Color:
    legend = alt.Legend(orient="top", offset=offset, labelLimit=300) if many else None
    return alt.Color("_of:N", title=None, sort=None, legend=legend)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a row per cell: `_row`, `_of` (the column) and `_value`."""
    return frame.rename_axis("_row").reset_index().melt("_row", var_name="_of", value_name="_value")
