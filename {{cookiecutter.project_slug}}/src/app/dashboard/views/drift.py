"""Show what `monitor` found: drift of each feature over time, and the quality of the answers."""

import altair as alt
import pandas as pd
import streamlit as st

from app.contract import columns
from app.dashboard import cached_reads, charts

ABOUT = {
    "data": "Data drift: what is asked is not what was learnt from",
    "target": "Target drift: what is answered, or proves true, is rarer or commoner than before",
    "concept": "Concept drift: answers are wrong oftener than on held-out examples",
}
TITLES = {name: column.label for name, column in columns.features().items()}


def verdicts(newest: pd.DataFrame) -> None:
    """Say for each kind of drift whether it alarms."""
    for kind, about in ABOUT.items():
        rows = newest[newest["kind"] == kind]
        alarms = ", ".join(rows[rows["alarm"]]["name"])
        if alarms:
            st.error(f"{about}. **Alarm**: {alarms}.")
        elif rows.empty:
            st.info(f"{about}. Not known: no label has come yet (`uv run poe labels`).")
        else:
            st.success(f"{about}. Quiet.")


def table(newest: pd.DataFrame) -> None:
    """Show each comparison of the newest windows, those that differ most first."""
    shown = newest.assign(size=newest["effect"] / newest["limit"])
    shown = shown.sort_values(["alarm", "size"], ascending=False).replace({"name": TITLES})
    shown["alarm"] = shown["alarm"].map({True: "alarm", False: "quiet"})
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


def over_time(findings: pd.DataFrame) -> None:
    """Draw one comparison's effect in each window, with the limit above which it may alarm."""
    st.subheader("Over time")
    ordered = findings.assign(size=findings["effect"] / findings["limit"]).sort_values("size")
    names = ordered[ordered["kind"] != "concept"]["name"][::-1].unique()
    name = st.selectbox("Of", names, format_func=lambda name: TITLES.get(name, name))
    rows = findings[findings["name"] == name].set_index("until")[["effect", "limit"]]
    about = f"The drift of {name} over time"
    charts.lines(rows, "window until (UTC)", "population stability index", about)
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
    options = {"scale": alt.Scale(zero=False)}
    charts.lines(frame, "window until (UTC)", metric, "The main metric over time", **options)


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
st.caption(
    f"Newest window until {latest['until'].max():%Y-%m-%d %H:%M} UTC, "
    f"model {latest['model_version'].iloc[-1]}."
)
verdicts(latest)
table(latest)
over_time(of_source)
quality(of_source)
