"""The charts that several pages draw: labels that can be read, units, a text for who cannot see."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

_STEP = 26
"""Pixels for a bar with its name, or half a cell; the next two are for what stands around."""

_AXIS, _LEGEND = 80, 60
_NAMES = alt.Axis(labelLimit=220, labelOverlap=False)
_TOOLTIP = ["_row", "_of", alt.Tooltip("_value:Q", format=".3~g")]


def bars(
    frame: pd.DataFrame, unit: str, about: str, *, title: str = "", stack: bool = False
) -> None:
    """Draw a bar per row and column, lying, with the names of the rows beside them."""
    beside = [] if stack else list(frame.columns)
    encoding = {
        "x": alt.X("_value:Q", title=unit, stack="zero" if stack else None),
        "y": alt.Y("_row:N", title=title or None, sort=None, axis=_NAMES),
        "yOffset": alt.YOffset("_of:N", sort=beside) if beside else alt.Undefined,
        "color": _colour(len(frame.columns) > 1),
    }
    height = len(frame) * max(1, len(beside)) * _STEP + _AXIS + _LEGEND * (len(frame.columns) > 1)
    chart = alt.Chart(_long(frame)).mark_bar().encode(**encoding, tooltip=_TOOLTIP)
    st.altair_chart(chart.properties(height=height), alt=about)


def lines(frame: pd.DataFrame, title: str, unit: str, about: str, **options: Any) -> None:
    """Draw a line per column over the index, a number or a time; `options` are those of the y axis.

    A column `limit` is a dashed line.
    """
    long, times = _long(frame.drop(columns="limit", errors="ignore")), frame.index.dtype.kind == "M"
    time = alt.X("_row:T", title=title, axis=alt.Axis(format="%d %b %H:%M", labelOverlap=True))
    number = alt.X("_row:Q", title=title, scale=alt.Scale(zero=False))
    encoding = {
        "x": time if times else number,
        "y": alt.Y("_value:Q", title=unit, **options),
        "color": _colour(long["_of"].nunique() > 1),
    }
    chart = alt.Chart(long).mark_line(point=len(frame) < 40).encode(**encoding, tooltip=_TOOLTIP)
    if "limit" in frame:
        rule = alt.Chart(frame).mark_rule(strokeDash=[6, 4], color="#888888", strokeWidth=2)
        chart = chart + rule.encode(y="max(limit):Q")
    st.altair_chart(chart.properties(height=260), alt=about)


def heatmap(
    frame: pd.DataFrame, titles: tuple[str, str], about: str, *, correlation: bool = False
) -> None:
    """Draw a table of numbers as cells, each with its number; rows and columns have `titles`."""
    scale = alt.Scale(domain=[-1, 1], scheme="blueorange") if correlation else alt.Undefined
    across = alt.Axis(**_NAMES.to_dict(), labelAngle=0 if len(frame.columns) < 4 else -45)
    base = alt.Chart(_long(frame)).encode(
        x=alt.X("_of:N", title=titles[1] or None, sort=list(frame.columns), axis=across),
        y=alt.Y("_row:N", title=titles[0] or None, sort=list(frame.index), axis=_NAMES),
    )
    cells = base.mark_rect().encode(color=alt.Color("_value:Q", legend=None, scale=scale))
    number = alt.Text("_value:Q", format=".2~f" if correlation else "d")
    edge = base.mark_text(fontSize=14, stroke="white", strokeWidth=4).encode(text=number)
    texts = base.mark_text(fontSize=14, color="black").encode(text=number)
    height = 2 * _STEP * len(frame) + _AXIS + _LEGEND
    st.altair_chart((cells + edge + texts).properties(height=height), alt=about)


def _colour(many: bool) -> alt.Color:
    legend = alt.Legend(orient="top") if many else None
    return alt.Color("_of:N", title=None, sort=None, legend=legend)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a row per cell: `_row`, `_of` (the column) and `_value`."""
    return frame.rename_axis("_row").reset_index().melt("_row", var_name="_of", value_name="_value")
