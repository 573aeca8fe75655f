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
    st.info("No prediction yet: ask for one on the page Predict.")
    st.button("Look again", on_click=reading.answers.clear)
    st.stop()
predictions.show(frame)
