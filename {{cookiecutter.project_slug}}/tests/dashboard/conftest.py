"""What tests of the dashboard share: its pages without a browser, and an API that runs."""

import sys
from pathlib import Path

import pytest
import streamlit as st
from api.running import running
from streamlit.testing.v1 import AppTest

from app.api import client

VIEWS = Path("src/app/dashboard/views").resolve()


@pytest.fixture(autouse=True)
def main_module(monkeypatch):
    """Bring back what Streamlit replaces: processes that later tests start run the main module."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def open_page():
    """Run a page of the dashboard without a browser; none may end in an exception."""

    def run(name):
        page = AppTest.from_file(str(VIEWS / f"{name}.py"), default_timeout=60).run()
        assert not page.exception
        return page

    st.cache_data.clear()
    return run


@pytest.fixture
def public(champion, monkeypatch):
    """Have a dashboard that everybody can open, beside a store that is filled."""
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")


@pytest.fixture
def api(champion, free_port):
    """Serve the API on a free port; give the function that asks it."""
    with running():
        yield client.ask
