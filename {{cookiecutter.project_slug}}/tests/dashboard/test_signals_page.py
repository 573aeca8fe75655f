"""The page of the API's golden signals, without a browser."""

import pytest

from app.contract import columns
from app.errors import InvalidData

pytestmark = [pytest.mark.service, pytest.mark.integration]


def test_the_golden_signals_count_what_was_asked(open_page, api):
    before = open_page("signals").metric[1].value
    api("/predict", columns.example_record())
    with pytest.raises(InvalidData):
        api("/predict", {"nothing": "of it"})

    page = open_page("signals")

    assert len(page.metric) == 5
    assert float(page.metric[1].value) == float(before) + 2
    assert page.metric[0].value.endswith("ms")
    assert page.metric[3].label.startswith("Refused")
    assert page.metric[3].value != "0.00%"


def test_an_api_that_is_down_is_told(open_page, monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")

    assert "uv run poe api" in open_page("signals").error[0].value
