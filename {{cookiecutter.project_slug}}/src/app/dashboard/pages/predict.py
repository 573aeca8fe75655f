"""Ask the API for a prediction: the form comes from the contract, the answer over HTTP."""

from typing import Any

import requests
import streamlit as st

from app import contract, schema
from app.config import load_settings


def ask(column: contract.Column) -> Any:
    """Show the input that fits a column, and give its value."""
    options = list(column.choices) or ([True, False] if column.kind == "boolean" else [])
    if options:
        return st.selectbox(column.label, options + [None] * column.nullable)
    if not column.numeric:
        return st.text_input(column.label, column.example) or None
    number = int if column.kind == "integer" else float
    low, high = (
        None if edge is None else number(edge) for edge in (column.minimum, column.maximum)
    )
    return st.number_input(column.label, low, high, column.example)


def show(answer: dict[str, Any]) -> None:
    """Show an answer of the API."""
    found = answer["predictions"][0]
    value = found["prediction"]
    st.metric(contract.target().label, f"{value:.2f}" if isinstance(value, float) else str(value))
    if found["probabilities"]:
        st.bar_chart(found["probabilities"], horizontal=True, y_label="probability", height=160)
    st.caption(f"model {answer['model_version']}, prediction {found['id']}")


st.title("Predict")
st.write((schema.Record.__doc__ or "").strip())
with st.form("record"):
    places = st.columns(3)
    record = {}
    for index, field in enumerate(contract.features().values()):
        with places[index % 3]:
            record[field.name] = ask(field)
    sent = st.form_submit_button("Predict")

if sent:
    url = f"{load_settings().api_url}/predict"
    try:
        response = requests.post(url, json=record, timeout=60)
        content = response.json()
    except requests.RequestException:
        st.error(
            f"The API does not answer at {url}. Start it with `uv run poe api`, then try again."
        )
        st.stop()
    if response.ok:
        show(content)
    else:
        st.error("\n\n".join(content["error"]["problems"]))
