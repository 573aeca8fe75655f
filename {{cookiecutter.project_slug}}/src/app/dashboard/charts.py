"""The charts that several pages draw: labels that can be read, units, a text for who cannot see."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

_STEP = 26
"""Pixels for a bar with its name, or half a cell; `_AXIS` is for what stands around."""

_AXIS = 110


def bars(
    frame: pd.DataFrame, unit: str, about: str, *, title: str = "", stack: bool = False
) -> None:
    """Draw a bar per row and column, lying, with the names of the rows beside them."""
    height = len(frame) * (1 if stack else len(frame.columns)) * _STEP + _AXIS
    options: dict[str, Any] = {"x_label": unit, "y_label": title, "height": height, "alt": about}
    st.bar_chart(frame, horizontal=True, sort=False, stack=stack, **options)


def lines(frame: pd.DataFrame, title: str, unit: str, about: str, **options: Any) -> None:
    """Draw a line per column over the index, a number or a time; `options` are those of the y axis.

    A column `limit` is a dashed line.
    """
    long, many = _long(frame.drop(columns="limit", errors="ignore")), len(frame.columns) > 1
    kind = "T" if pd.api.types.is_datetime64_any_dtype(frame.index) else "Q"
    legend = alt.Legend(orient="top") if many and "limit" not in frame else None
    encoding = {
        "x": alt.X(f"_row:{kind}", title=title, scale=alt.Scale(zero=False)),
        "y": alt.Y("_value:Q", title=unit, **options),
        "color": alt.Color("_of:N", title=None, sort=None, legend=legend),
        "tooltip": ["_row", "_of", alt.Tooltip("_value:Q", format=".3~g")],
    }
    chart = alt.Chart(long).mark_line(point=len(frame) < 40).encode(**encoding)
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
    down = alt.Axis(labelLimit=150, labelOverlap=False)
    across = alt.Axis(**down.to_dict(), labelAngle=0 if len(frame.columns) < 4 else -45)
    base = alt.Chart(_long(frame)).encode(
        x=alt.X("_of:N", title=titles[1] or None, sort=list(frame.columns), axis=across),
        y=alt.Y("_row:N", title=titles[0] or None, sort=list(frame.index), axis=down),
    )
    cells = base.mark_rect().encode(color=alt.Color("_value:Q", legend=None, scale=scale))
    number = alt.Text("_value:Q", format=".2~f" if correlation else "d")
    edge = base.mark_text(fontSize=14, stroke="white", strokeWidth=4).encode(text=number)
    texts = base.mark_text(fontSize=14, color="black").encode(text=number)
    height = 2 * _STEP * len(frame) + _AXIS
    st.altair_chart((cells + edge + texts).properties(height=height), alt=about)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a row per cell: `_row`, `_of` (the column) and `_value`."""
    return frame.rename_axis("_row").reset_index().melt("_row", var_name="_of", value_name="_value")
