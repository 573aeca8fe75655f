from pathlib import Path
from threading import Thread

import api_client
import pytest
from streamlit.testing.v1 import AppTest
from werkzeug.serving import make_server

from app import batch, contract

pytestmark = pytest.mark.service

PAGES = Path("src/app/dashboard/pages").resolve()


@pytest.fixture
def api(champion, monkeypatch):
    """Serve the API on a free port, and tell the dashboard where."""
    client, app = api_client.start()
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    app.extensions["serving"].close()


def open_page(name):
    page = AppTest.from_file(str(PAGES / name), default_timeout=60).run()
    assert not page.exception
    return page


def test_the_form_asks_the_api_and_shows_the_answer(api):
    page = open_page("predict.py")
    page.button[0].click().run()

    assert not page.exception
    assert page.metric[0].label == contract.target().label
    assert page.metric[0].value


def test_an_api_that_is_down_is_told(monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    page = open_page("predict.py")
    page.button[0].click().run()

    assert "uv run poe api" in page.error[0].value


def test_results_are_empty_at_first():
    assert [info.value[:2] for info in open_page("results.py").info] == ["No", "No"]


def test_results_show_answers_and_batch(client, champion):
    client.post("/predict", json=contract.example_record())
    client.get("/past_predictions")  # waits until it is stored
    batch.main()

    tables = open_page("results.py").dataframe

    assert len(tables) == 2
    assert set(contract.features()) <= set(tables[0].value.columns)
    assert len(tables[1].value) > 100
