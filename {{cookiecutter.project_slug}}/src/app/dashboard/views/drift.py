"""Show what `monitor` found: drift of each feature over time, and the quality of the answers."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from app import schema
from app.contract import columns
from app.dashboard import cached_reads, charts
from app.errors import ModelRefused

ABOUT = {
    "data": "Data drift: what is asked is not what was learnt from",
    "target": "Target drift: what is answered, or proves true, is rarer or commoner than before",
    "concept": "Concept drift: answers are wrong oftener than on held-out examples",
}
BINS = 20


def titled(name: str) -> str:
    """Name what a comparison is of as the contract does."""
    column, colon, what = name.partition(":")
    return charts.titles().get(column, column) + colon + what


def verdicts(newest: pd.DataFrame) -> None:
    """Say for each kind of drift whether it alarms, and what to do."""
    for kind, about in ABOUT.items():
        rows = newest[newest["kind"] == kind]
        alarms = ", ".join(map(titled, rows[rows["alarm"]]["name"]))
        if alarms:
            st.error(f"{about}. **Alarm**: {alarms}.")
        elif rows.empty:
            st.info(f"{about}. Not known: no label has come yet (`uv run poe labels`).")
        else:
            st.success(f"{about}. Quiet.")
    meaning = Path(__file__).with_name("alarm.md").read_text(encoding="utf-8")
    with st.expander("What an alarm means, and what to do", expanded=bool(newest["alarm"].any())):
        st.markdown(meaning)


def before_and_now(finding: "pd.Series[Any]") -> None:
    """Draw what a column was like in training, and over it what it is like in the window."""
    name = str(finding["name"]).removesuffix(": new values")
    sides = {"predictions": ("prediction",) * 2, "labels": (schema.TARGET, "label")}
    was, is_ = sides.get(name, (name, name))
    window = cached_reads.window(finding)
    try:
        known = cached_reads.trained_on(finding["model_version"])
    except ModelRefused as error:
        st.info(f"What it was like before cannot be shown: {error}")
        return
    if window.empty or window[is_].isna().all():
        st.info("The predictions of this window are gone, or without any such value.")
        return
    column = columns.features().get(name, columns.target())
    both = pd.concat({"before": known[was], "now": window[is_]}).dropna()
    _draw_shares(both, column, f"{titled(name)} before and now")
    made, served = known[was].count(), window[is_].count()
    st.caption(f"Before: {made:,} examples that the model was made with; now: {served:,} answers.")


def _draw_shares(both: "pd.Series[Any]", column: columns.Column, about: str) -> None:
    """Draw how a column is distributed before and now, which the first level of the index says."""
    values = pd.cut(both.astype(float), BINS) if column.quantity else both.map(str)
    times = both.index.get_level_values(0)
    shares = 100 * pd.crosstab(values, times, normalize="columns", dropna=False)
    if column.quantity:
        shares.index = pd.Index([part.mid for part in shares.index])
        charts.lines(shares, column.label, "% of the rows", about, filled=True)
        return
    commonest = shares.loc[shares.sum(axis="columns").nlargest(BINS).index]
    charts.bars(commonest, "% of the rows", about, column.label)


def table(newest: pd.DataFrame) -> None:
    """Show each comparison of the newest windows, those that differ most first."""
    alarm = newest["alarm"].map({True: "alarm", False: "quiet"})
    shown = newest.assign(name=newest["name"].map(titled), alarm=alarm)
    shown = shown.rename(columns={"alarm": "verdict", "name": "of", "p_value": "p"})
    shown_columns = ["verdict", "kind", "of", "before", "now", "effect", "limit", "p", "rows"]
    formats = {"before": "%.3g", "now": "%.3g", "effect": "%.2f", "p": "%.2g"}
    config = {n: st.column_config.NumberColumn(format=f) for n, f in formats.items()}
    about = "Each comparison: before, now, effect, limit and p-value"
    st.dataframe(shown[shown_columns], hide_index=True, column_config=config, alt=about)
    st.caption(
        "Before and now: means, shares of the commonest category, or the metric. An alarm is "
        "beyond chance (p) and above its limit; `docs/MONITORING.md` says how to read the effects."
    )


def over_time(findings: pd.DataFrame, name: str) -> None:
    """Draw one comparison's effect in each window, with the limit above which it may alarm."""
    rows = findings[findings["name"] == name].set_index("until")[["effect", "limit"]]
    effect = "growth of the share" if name.endswith("new values") else "population stability index"
    charts.lines(rows, "window until (UTC)", effect, f"The drift of {titled(name)} over time")
    st.caption("Above the dashed line a difference is large.")


def quality(findings: pd.DataFrame) -> None:
    """Draw the main metric of each window whose truth is known, beside that of training."""
    st.subheader("Quality of what was served")
    rows = findings[findings["kind"] == "concept"]
    if rows.empty:
        st.info(
            "Not known yet: give the truth of past predictions by `uv run poe labels FILE`, or by "
            "PUT /past_predictions/ID, then run `uv run poe monitor`."
        )
        return
    metric = rows["name"].iloc[-1].replace("_", " ")
    names = {"now": "served", "before": "held-out examples"}
    frame = rows.set_index("until")[["now", "before"]].rename(columns=names)
    scale = alt.Scale(zero=False)
    charts.lines(frame, "window until (UTC)", metric, "The main metric over time", scale=scale)


st.title("Drift and quality")
st.write("What `uv run poe monitor` found, from the table `monitoring`.")
with cached_reads.failure_shown():
    everything = cached_reads.monitored()
if everything.empty:
    cached_reads.nothing_yet(
        "Nothing was monitored yet: run `uv run poe monitor` once there are predictions.",
        cached_reads.monitored,
    )
sources = sorted(everything["source"].unique(), reverse=True)
source = st.segmented_control("Source", sources, default=sources[0], required=True)
of_source = everything[everything["source"] == source]
present = of_source[of_source["model_version"] == of_source["model_version"].iloc[-1]]
last = present.groupby("name")["until"].transform("max")
latest = present[present["until"] == last].drop_duplicates("name", keep="last")
latest = latest.assign(size=latest["effect"] / latest["limit"])
latest = latest.sort_values(["alarm", "size"], ascending=False, kind="stable")
st.caption(
    f"Newest window until {latest['until'].max():%Y-%m-%d %H:%M} UTC, model of "
    f"{cached_reads.dated(latest['model_version'].iloc[-1])} UTC."
)
verdicts(latest)
st.subheader("Before and now")
compared = latest[latest["kind"] != "concept"].set_index("name", drop=False)
chosen = st.selectbox("Of, the most drifted first", list(compared.index), format_func=titled)
if chosen is not None:
    with cached_reads.failure_shown():
        before_and_now(compared.loc[chosen])
    over_time(of_source, chosen)
st.subheader("All comparisons")
table(latest)
quality(of_source)
