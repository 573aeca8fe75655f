"""Show how good the model is, where it is weak, what it looks at, and where it comes from."""

import pandas as pd
import streamlit as st

from app import schema
from app.contract import columns
from app.dashboard import cached_reads, charts
from app.errors import ModelRefused
from app.registry.records import Evaluation, VersionRecord
from app.reports import model_card

BESIDE = 3
"""Versions beside the chosen one, at most; the next are slices that are drawn."""

DRAWN = 12


def scores(evaluation: Evaluation) -> None:
    """Show the metrics beside the baseline."""
    places = st.columns(3)
    for place, (name, score) in zip(places, evaluation.model.items(), strict=False):
        gain = score - evaluation.baseline[name]
        title, beside = name.replace("_", " "), f"{gain:+.3f} against the baseline"
        is_main = name == evaluation.metric
        place.metric(title, f"{score:.3f}", beside, "normal" if is_main else "off", border=True)
    st.caption("On held-out examples, which took no part in training or tuning.")


def side_by_side(names: list[str]) -> None:
    """Show facts of versions, a column for each: metrics, data, parameters."""
    st.subheader("Versions side by side")
    facts = pd.DataFrame({cached_reads.dated(name): facts_of(name) for name in names}).fillna("")
    about = "Metrics, data and parameters of each version"
    st.dataframe(facts.rename_axis("made at (UTC)"), height="content", alt=about)
    st.caption("Each is judged on its own held-out examples, as it was then.")


def facts_of(name: str) -> dict[str, str]:
    """Give what one compares of a version."""
    record, evaluation = cached_reads.version(name)
    facts = {metric.replace("_", " "): f"{x:.3f}" for metric, x in evaluation.model.items()}
    facts["baseline"] = f"{evaluation.baseline_score:.3f}"
    facts |= {"learnt from": f"{record.data.learnt:,}", "data": record.data.fingerprint}
    facts |= {title: str(value) for title, value in record.hyperparameters.items()}
    return facts | {"commit": record.git_commit}


def slices(names: list[str]) -> None:
    """Show the main metric where a category has one value; the weakest of the first version."""
    evaluations = {cached_reads.dated(name): cached_reads.version(name)[1] for name in names}
    first = next(iter(evaluations.values()))
    if not first.slices:
        return
    st.subheader("Slices")
    scores = {
        made: pd.Series({n: s.model for n, s in e.slices.items()})
        for made, e in evaluations.items()
    }
    scores["baseline"] = pd.Series({name: part.baseline for name, part in first.slices.items()})
    weakest = pd.DataFrame(scores).loc[list(first.slices)].nsmallest(DRAWN, next(iter(scores)))
    weakest = weakest.rename(lambda name: f"{name} ({first.slices[name].rows} rows)")
    about = f"{len(weakest)} of {len(first.slices)} slices, the weakest first"
    charts.bars(weakest, first.metric.replace("_", " "), about)
    st.caption(f"{about}.")


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
        truth, label = truth.astype(float), columns.target().label
        frame = pd.DataFrame({label: truth, f"truth minus answer: {label}": truth - answer})
        charts.points(frame, "The error of each held-out example over its true value")


def importance(evaluation: Evaluation) -> None:
    """Show how much of the main metric is lost without a feature."""
    if not evaluation.importance:
        return
    st.subheader("Feature importance")
    lost = pd.Series(evaluation.importance).rename(charts.titles()).nlargest(20).to_frame("lost")
    unit = f"{evaluation.metric.replace('_', ' ')} lost when its values change places"
    charts.bars(lost, unit, "The loss without each")
    st.caption(f"{len(lost)} of {len(columns.features())} features.")


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
chosen = st.selectbox(
    "Version",
    names_of_champions,
    format_func=cached_reads.dated,
    help="When it was made, in UTC. The first one is champion now.",
)
former = [name for name in names_of_champions if name != chosen]
beside = []
if former:
    beside = st.multiselect(
        "Beside it", former, former[:1], format_func=cached_reads.dated, max_selections=BESIDE
    )
with cached_reads.failure_shown():
    version_record, version_evaluation = cached_reads.version(chosen)
    scores(version_evaluation)
    side_by_side([chosen, *beside])
    slices([chosen, *beside])
    mistakes(chosen)
importance(version_evaluation)
show_card(version_record, version_evaluation)
