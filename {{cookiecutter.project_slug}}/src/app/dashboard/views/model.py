"""Show how good the model is, where it is weak, what it looks at, and where it comes from."""

from typing import Any

import pandas as pd
import streamlit as st

from app import card, contract, schema
from app.dashboard import charts, reading
from app.errors import ModelRefused

Facts = dict[str, Any]


def scores(evaluation: Facts, main: str) -> None:
    """Show the metrics beside the baseline, and those of all champions."""
    places = st.columns(3)
    for place, (name, score) in zip(places, evaluation["model"].items(), strict=False):
        gain = score - evaluation["baseline"][name]
        place.metric(
            name.replace("_", " "),
            f"{score:.3f}",
            f"{gain:+.3f} against the baseline",
            delta_color="normal" if name == main else "off",
            border=True,
        )
    st.caption("On held-out examples, which took no part in training or tuning.")


def champions(names: list[str], main: str) -> None:
    """Show the main metric of every champion, as it was judged then."""
    st.subheader("Champions")
    judged = {name: reading.version(name)[1] for name in names[::-1]}
    rows = [(n, one["model"].get(main), one["baseline"].get(main)) for n, one in judged.items()]
    frame = pd.DataFrame(rows, columns=["version", main, "baseline"])
    st.dataframe(frame, hide_index=True, alt="Each champion's main metric")


def slices(evaluation: Facts, main: str) -> None:
    """Show the main metric where a category has one value."""
    if not evaluation["slices"]:
        return
    st.subheader("Slices")
    frame = pd.DataFrame(evaluation["slices"]).T
    frame.index = pd.Index(f"{name} ({rows:.0f} rows)" for name, rows in frame["rows"].items())
    about = "The main metric of model and baseline in each slice"
    charts.bars(frame[["model", "baseline"]], main.replace("_", " "), about)


def mistakes(version: str) -> None:
    """Show the confusion matrix, or the residuals, of the held-out examples."""
    try:
        examples = reading.trained_on(version)
    except ModelRefused as error:
        st.info(f"Its answers to held-out examples cannot be shown: {error}")
        return
    held_out = examples[examples["held_out"]]
    truth, answer = held_out[schema.TARGET], held_out["prediction"]
    if contract.task() == "classification":
        st.subheader("Confusion matrix")
        counts = pd.crosstab(truth.map(str), answer.map(str))
        about = "How often each true class was answered by each class"
        charts.heatmap(counts, ("truth", "answer"), about)
    else:
        st.subheader("Residuals")
        label = contract.target().label
        frame = pd.DataFrame({"truth": truth.astype(float), "residual": truth - answer})
        st.scatter_chart(
            frame,
            x="truth",
            y="residual",
            x_label=label,
            y_label="truth minus answer",
            height=300,
            alt="The error of each held-out example over its true value",
        )


def importance(evaluation: Facts, main: str) -> None:
    """Show how much of the main metric is lost without a feature."""
    lost = evaluation.get("importance")
    if not lost:
        return
    st.subheader("Feature importance")
    names = {name: column.label for name, column in contract.features().items()}
    values = pd.Series(lost).rename(names).sort_values(ascending=False).to_frame("lost")
    unit = f"{main.replace('_', ' ')} lost when its values change places"
    charts.bars(values, unit, "The metric lost without each feature")


def show_card(record: Facts, evaluation: Facts) -> None:
    """Show the model card, to read and to download."""
    st.subheader("Model card")
    text = card.describe(record, evaluation)
    st.markdown(text)
    name = f"model-card-{record['version']}.md"
    st.download_button("Download the card", text.encode(), name, "text/markdown")


st.title("Model")
with reading.told():
    names = reading.champions()
if not names:
    reading.nothing_yet("No champion yet: run `uv run poe pipeline`.", reading.champions)
chosen = st.selectbox("Version", names, help="All that were champion; the first one is it now")
with reading.told():
    known, judged = reading.version(chosen)
    main_metric = next(iter(judged["model"]))
    scores(judged, main_metric)
    champions(names, main_metric)
    slices(judged, main_metric)
    mistakes(chosen)
importance(judged, main_metric)
show_card(known, judged)
