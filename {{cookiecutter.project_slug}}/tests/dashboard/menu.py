"""What stands beside the menu, and which charts a page draws, without a browser."""

import json
import tomllib
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

MENU = Path("src/app/dashboard/main.py").resolve()


def beside_the_menu():
    """Read all texts beside the menu."""
    st.cache_data.clear()
    page = AppTest.from_file(str(MENU), default_timeout=60).run()
    assert not page.exception
    return " ".join(part.value for part in (*page.sidebar.markdown, *page.sidebar.caption))


def drawn(page):
    """Give the specification of each chart by the text that stands for it."""
    charts = page.get("vega_lite_chart")
    return {chart.proto.alt: json.loads(chart.proto.spec) for chart in charts}


def project_name():
    """Read the project's name."""
    content = Path("pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)["project"]["name"]
