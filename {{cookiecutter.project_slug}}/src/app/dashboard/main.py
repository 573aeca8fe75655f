"""The dashboard's menu: its pages in reading order."""

from pathlib import Path

import streamlit as st

from app.config import load_cloud
from app.dashboard import sidebar

st.set_page_config(page_title="Dashboard", layout="centered")
if load_cloud():  # there an open page costs
    st.html(Path(__file__).with_name("idle.html"), unsafe_allow_javascript=True)
page = st.navigation(
    {  # the folder is not named `pages`, which Streamlit would list by itself
        "Predictions": [
            # >>> serving_mode = both | online
            st.Page("views/predict.py", title="Predict"),
            st.Page("views/table.py", title="Predict a table"),
            st.Page("views/answers.py", title="Past predictions"),
            # <<<
            # >>> serving_mode = both | batch
            st.Page("views/batch.py", title="Batch results"),
            # <<<
        ],
        "Model and data": [
            st.Page("views/model.py", title="Model"),
            st.Page("views/data.py", title="Data"),
        ],
        "Monitoring": [
            st.Page("views/drift.py", title="Drift and quality"),
            # >>> golden_signals = yes
            st.Page("views/signals.py", title="Golden signals"),
            # <<<
        ],
    },
    expanded=True,
)
with st.sidebar:  # first, because a page may stop early
    sidebar.show()
page.run()
