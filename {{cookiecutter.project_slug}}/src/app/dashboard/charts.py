"""The charts that several pages draw: labels that can be read, units, a text for who cannot see."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

_STEP = 26
"""Pixels for a bar with its name; `_AXIS` and `_LEGEND` are for what stands around."""

_AXIS = 75
_LEGEND = 60


def bars(
    frame: pd.DataFrame, unit: str, about: str, *, title: str = "", stack: bool = False
) -> None:
    """Draw a bar per row and column, lying, with the names of the rows beside them."""
    many = len(frame.columns) > 1
    long = _long(frame)
    names = alt.Axis(title=title or None, labelLimit=220, labelOverlap=False)
    chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=alt.Y("_row:N", axis=names, sort=None),
            x=alt.X("_value:Q", title=unit, stack="zero" if stack else None),
            tooltip=["_row", "_of", alt.Tooltip("_value:Q", format=".3~g")],
        )
    )
    thick = len(frame) * _STEP
    if many:
        chart = chart.encode(color=_colour())
    if many and not stack:
        chart = chart.encode(yOffset=alt.YOffset("_of:N", sort=list(frame.columns)))
        thick = len(frame) * len(frame.columns) * _STEP * 2 // 3
    st.altair_chart(chart.properties(height=thick + _AXIS + _LEGEND * many), alt=about)


def lines(frame: pd.DataFrame, title: str, unit: str, about: str, **options: Any) -> None:
    """Draw a line per column over the index, a number or a time; `options` are those of the y axis.

    A column `limit` is a dashed line.
    """
    long = _long(frame.drop(columns="limit", errors="ignore"))
    time = pd.api.types.is_datetime64_any_dtype(frame.index)
    chart = (
        alt.Chart(long)
        .mark_line(point=len(frame) < 40)
        .encode(
            x=_when(title) if time else alt.X("_row:Q", title=title, scale=alt.Scale(zero=False)),
            y=alt.Y("_value:Q", title=unit, **options),
            tooltip=["_row", "_of", alt.Tooltip("_value:Q", format=".3~g")],
        )
    )
    if long["_of"].nunique() > 1:
        chart = chart.encode(color=_colour())
    if "limit" in frame:
        rule = alt.Chart(frame).mark_rule(strokeDash=[6, 4], color="#888888", strokeWidth=2)
        chart = chart + rule.encode(y="max(limit):Q")
    st.altair_chart(chart.properties(height=260), alt=about)


def heatmap(
    frame: pd.DataFrame, titles: tuple[str, str], about: str, *, correlation: bool = False
) -> None:
    """Draw a table of numbers as cells, each with its number; rows and columns have `titles`."""
    both_ways = alt.Scale(domain=[-1, 1], scheme="blueorange")
    scale = both_ways if correlation else alt.Undefined
    base = alt.Chart(_long(frame)).encode(
        x=alt.X("_of:N", title=titles[1] or None, sort=list(frame.columns), axis=_slanted(frame)),
        y=alt.Y("_row:N", title=titles[0] or None, sort=list(frame.index), axis=_wide()),
    )
    cells = base.mark_rect().encode(color=alt.Color("_value:Q", legend=None, scale=scale))
    number = alt.Text("_value:Q", format=".2~f" if correlation else "d")
    edge = base.mark_text(fontSize=14, stroke="white", strokeWidth=4).encode(text=number)
    texts = base.mark_text(fontSize=14, color="black").encode(text=number)
    height = 2 * _STEP * len(frame) + _AXIS + _LEGEND
    st.altair_chart((cells + edge + texts).properties(height=height), alt=about)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a row per cell: `_row`, `_of` (the column) and `_value`."""
    return frame.rename_axis("_row").reset_index().melt("_row", var_name="_of", value_name="_value")


def _when(title: str) -> alt.X:
    return alt.X("_row:T", title=title, axis=alt.Axis(format="%d %b %H:%M", labelOverlap=True))


def _colour() -> alt.Color:
    return alt.Color("_of:N", title=None, sort=None, legend=alt.Legend(orient="top"))


def _wide() -> alt.Axis:
    return alt.Axis(labelLimit=150, labelOverlap=False)


def _slanted(frame: pd.DataFrame) -> alt.Axis:
    angle = 0 if len(frame.columns) < 4 else -45
    return alt.Axis(labelLimit=150, labelOverlap=False, labelAngle=angle)
