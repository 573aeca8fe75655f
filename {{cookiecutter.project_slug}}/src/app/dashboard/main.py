"""The dashboard: its pages in reading order; those that were not chosen have no file."""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent / "views"  # `pages` is a name that Streamlit would list by itself
_PAGES = {
    "Predictions": {"predict": "Predict", "answers": "Past predictions", "batch": "Batch results"},
    "Model and data": {"model": "Model", "data": "Data"},
    "Monitoring": {"drift": "Drift and quality", "signals": "Golden signals"},
}

st.set_page_config(page_title="Dashboard", layout="centered")
st.navigation(
    {
        section: [
            st.Page(_FOLDER / f"{name}.py", title=title)
            for name, title in pages.items()
            if (_FOLDER / f"{name}.py").exists()
        ]
        for section, pages in _PAGES.items()
    },
    expanded=True,
).run()
