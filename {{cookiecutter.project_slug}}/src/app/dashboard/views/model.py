"""Show how good the model is, where it is weak, what it looks at, and where it comes from."""

import pandas as pd
import streamlit as st

from app import schema
from app.contract import columns
from app.dashboard import cached_reads, charts
from app.errors import ModelRefused
from app.registry.records import Evaluation, VersionRecord
from app.reports import model_card


def scores(evaluation: Evaluation) -> None:
    """Show the metrics beside the baseline."""
    places = st.columns(3)
    for place, (name, score) in zip(places, evaluation.model.items(), strict=False):
        gain = score - evaluation.baseline[name]
        title, beside = name.replace("_", " "), f"{gain:+.3f} against the baseline"
        is_main = name == evaluation.metric
        place.metric(title, f"{score:.3f}", beside, "normal" if is_main else "off", border=True)
    st.caption("On held-out examples, which took no part in training or tuning.")


def champions(names: list[str], metric: str) -> None:
    """Show the main metric of every champion, as it was judged then."""
    st.subheader("Champions")
    judged = {name: cached_reads.version(name)[1] for name in names[::-1]}
    rows = [(name, e.model.get(metric), e.baseline.get(metric)) for name, e in judged.items()]
    frame = pd.DataFrame(rows, columns=["version", metric, "baseline"])
    st.dataframe(frame, hide_index=True, alt="Each champion's main metric")


def slices(evaluation: Evaluation) -> None:
    """Show the main metric where a category has one value."""
    if not evaluation.slices:
        return
    st.subheader("Slices")
    parts = {f"{name} ({part.rows} rows)": part for name, part in evaluation.slices.items()}
    frame = pd.DataFrame({name: part.model_dump() for name, part in parts.items()}).T
    about = "The main metric of model and baseline in each slice"
    charts.bars(frame[["model", "baseline"]], evaluation.metric.replace("_", " "), about)


def mistakes(version: str) -> None:
    """Show the confusion matrix, or the residuals, of the held-out examples."""
    try:
        examples = cached_reads.trained_on(version)
    except ModelRefused as error:
        st.info(f"Its answers to held-out examples cannot be shown: {error}")
        return
    held_out = examples[examples["held_out"]]
    truth, answer = held_out[schema.TARGET], held_out["prediction"]
    if columns.task() == "classification":
        st.subheader("Confusion matrix")
        counts = pd.crosstab(truth.map(str), answer.map(str))
        about = "How often each true class was answered by each class"
        charts.heatmap(counts, ("truth", "answer"), about)
    else:
        st.subheader("Residuals")
        residual = "truth minus answer"
        both = {columns.target().label: truth.astype(float), residual: truth - answer}
        frame = pd.DataFrame(both)
        about = "The error of each held-out example over its true value"
        st.scatter_chart(frame, x=frame.columns[0], y=residual, height=300, alt=about)


def importance(evaluation: Evaluation) -> None:
    """Show how much of the main metric is lost without a feature."""
    if not evaluation.importance:
        return
    st.subheader("Feature importance")
    names = {name: column.label for name, column in columns.features().items()}
    lost = pd.Series(evaluation.importance).rename(names).nlargest(20).to_frame("lost")
    unit = f"{evaluation.metric.replace('_', ' ')} lost when its values change places"
    charts.bars(lost, unit, "The loss without each", title=f"{len(lost)} of {len(names)} features")


def show_card(record: VersionRecord, evaluation: Evaluation) -> None:
    """Show the model card, to read and to download."""
    st.subheader("Model card")
    text = model_card.describe(record, evaluation)
    st.markdown(text)
    name = f"model-card-{record.version}.md"
    st.download_button("Download the card", text.encode(), name, "text/markdown")


st.title("Model")
with cached_reads.failure_shown():
    names_of_champions = cached_reads.champions()
if not names_of_champions:
    cached_reads.nothing_yet("No champion yet: run `uv run poe pipeline`.", cached_reads.champions)
chosen = st.selectbox("Version", names_of_champions, help="The first one is champion now")
with cached_reads.failure_shown():
    version_record, version_evaluation = cached_reads.version(chosen)
    scores(version_evaluation)
    champions(names_of_champions, version_evaluation.metric)
    slices(version_evaluation)
    mistakes(chosen)
importance(version_evaluation)
show_card(version_record, version_evaluation)
