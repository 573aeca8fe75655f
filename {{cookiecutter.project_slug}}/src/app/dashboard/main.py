"""The dashboard: what the system predicts now, and what it predicted before."""

from pathlib import Path

import streamlit as st

_PAGES = Path(__file__).parent / "pages"

st.set_page_config(page_title="Dashboard", layout="wide")
st.navigation(
    [
        st.Page(_PAGES / "predict.py", title="Predict", default=True),
        st.Page(_PAGES / "results.py", title="Results"),
    ]
).run()
