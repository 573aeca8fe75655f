"""Ask the API for a prediction: the form comes from the contract, the answer over HTTP."""

import math

import pandas as pd
import streamlit as st

from app import schema
from app.api import client
from app.contract import columns
from app.dashboard import cached_reads, charts, explanation, record_form
from app.dashboard.record_form import Record, spoken
from app.errors import AppError, ModelRefused


def known_examples() -> pd.DataFrame:
    """Read what the champion was made with; a page without them asks all the same."""
    try:
        names = cached_reads.champions()
        return cached_reads.trained_on(names[0]) if names else pd.DataFrame()
    except AppError as error:
        st.caption(f"No real example can be shown: {error}")
        return pd.DataFrame()


def show(answer: Record) -> None:
    """Show an answer of the API: the value, how sure it is, and by which model."""
    given = answer["predictions"][0]
    shares, label = given["probabilities"], columns.target().label
    if shares:
        value, sure = spoken(given["prediction"]), f"probability {given['probability']:.0%}"
    else:
        value, sure = f"{given['prediction']:.2f}", interval(answer["model_version"])
    st.metric(label, value, sure, delta_color="off", delta_arrow="off", border=True)
    if shares:
        frame = pd.DataFrame({"probability": shares}).rename(index=spoken)
        about = "The probability of each class"
        charts.bars(frame, "probability, 0 to 1", about, scale=charts.SHARES)
    made = cached_reads.dated(answer["model_version"])
    st.caption(f"Model of {made} UTC. A label that comes later belongs to prediction {given['id']}")


def interval(version: str) -> str:
    """Say how far from the truth answers were, where the version says what it was trained on."""
    try:
        width = cached_reads.half_width(cached_reads.trained_on(version))
    except ModelRefused:
        width = math.inf
    if math.isinf(width):
        return "no interval: too few examples"
    return f"± {width:.3g} for 90 of 100 held-out examples"


def explain(asked: Record, answer: Record) -> None:
    """Show why, as far as the version says what it was trained on, and what if."""
    try:
        explanation.why(asked, answer)
    except ModelRefused as error:
        st.info(f"It cannot be said why: {error}")
    explanation.what_if(asked)


st.title("Predict")
st.write((schema.Record.__doc__ or "").strip())
asked, sent = record_form.show(known_examples())
if sent:
    st.session_state.asked = asked
    st.session_state.pop("answer", None)
if "asked" in st.session_state:
    with cached_reads.failure_shown():
        if "answer" not in st.session_state:  # also when somebody tries again
            with st.spinner("Asking the API"):
                st.session_state.answer = client.ask("/predict", st.session_state.asked)
        show(st.session_state.answer)
        explain(st.session_state.asked, st.session_state.answer)
