"""Show what the API answered, and what proved true."""

import streamlit as st

from app.dashboard import predictions, reading

st.title("Past predictions")
st.write(
    f"The API's latest answers, {reading.ROWS:,} at most, from the table `predictions`. "
    "An answer appears some seconds after it was given."
)
with reading.told():
    frame = reading.answers()
if frame.empty:
    reading.nothing_yet("No prediction yet: ask for one on the page Predict.", reading.answers)
predictions.show(frame)
