"""Show what `monitor` found: drift of each feature over time, and the quality of the answers."""

import altair as alt
import pandas as pd
import streamlit as st

from app import contract
from app.dashboard import charts, reading

ABOUT = {
    "data": "Data drift: what is asked is not what was learnt from",
    "target": "Target drift: what is answered, or proves true, is rarer or commoner than before",
    "concept": "Concept drift: answers are wrong oftener than on held-out examples",
}


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
    titles = {name: column.label for name, column in contract.features().items()}
    shown = newest.assign(
        name=newest["name"].replace(titles), size=newest["effect"] / newest["limit"]
    ).sort_values(["alarm", "size"], ascending=False)
    shown["alarm"] = shown["alarm"].map({True: "alarm", False: "quiet"})
    shown = shown.rename(columns={"alarm": "verdict", "name": "of", "p_value": "p"})
    columns = ["verdict", "kind", "of", "before", "now", "effect", "limit", "p", "rows"]
    formats = {"before": "%.3g", "now": "%.3g", "effect": "%.2f", "p": "%.2g"}
    st.dataframe(
        shown[columns],
        hide_index=True,
        column_config={n: st.column_config.NumberColumn(format=f) for n, f in formats.items()},
        alt="Each comparison: before, now, effect, limit and p-value",
    )
    st.caption(
        "Before and now: the mean of numbers, the share of the commonest category, or the metric. "
        "Effect: population stability index, for a concept Cliff's delta. An alarm is beyond "
        "chance (p below 0.01 for the whole window) and above its limit."
    )


def over_time(found: pd.DataFrame) -> None:
    """Draw one comparison's effect in each window, with the limit above which it may alarm."""
    st.subheader("Over time")
    titles = {name: column.label for name, column in contract.features().items()}
    ordered = found.assign(size=found["effect"] / found["limit"]).sort_values("size")
    names = ordered[ordered["kind"] != "concept"]["name"][::-1].unique()
    name = st.selectbox("Of", names, format_func=lambda name: titles.get(name, name))
    rows = found[found["name"] == name].set_index("until")[["effect", "limit"]]
    unit, about = "population stability index", f"The drift of {name} over time"
    charts.lines(rows, "window until (UTC)", unit, about)
    st.caption("Above the dashed line a difference is large.")


def quality(found: pd.DataFrame) -> None:
    """Draw the main metric of each window whose truth is known, beside that of training."""
    st.subheader("Quality of what was served")
    rows = found[found["kind"] == "concept"]
    if rows.empty:
        st.info(
            "Not known yet: give the truth of past predictions by `uv run poe labels FILE`, or by "
            "PUT /past_predictions/ID, then run `uv run poe monitor`."
        )
        return
    metric = rows["name"].iloc[-1].replace("_", " ")
    names = {"now": "served", "before": "held-out examples"}
    frame = rows.set_index("until")[["now", "before"]].rename(columns=names)
    about = "The main metric over time"
    charts.lines(frame, "window until (UTC)", metric, about, scale=alt.Scale(zero=False))


st.title("Drift and quality")
st.write("What `uv run poe monitor` found, from the table `monitoring`.")
with reading.told():
    everything = reading.monitored()
if everything.empty:
    reading.nothing_yet(
        "Nothing was monitored yet: run `uv run poe monitor` once there are predictions.",
        reading.monitored,
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
