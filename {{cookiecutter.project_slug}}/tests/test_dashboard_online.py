"""The pages that ask the API, without a browser: answers, and an API that is down or unwell."""

import json
import socket
from datetime import UTC, datetime

import pytest

from app import contract, history

pytestmark = [pytest.mark.service, pytest.mark.integration]


def predict(open_page):
    page = open_page("predict")
    page.button[0].click().run()
    assert not page.exception
    return page


def test_the_form_asks_the_api_and_shows_the_answer(open_page, api):
    page = predict(open_page)

    assert page.metric[0].label == contract.target().label
    assert page.metric[0].value
    sure = page.metric[0].delta
    assert "probability" in sure if contract.task() == "classification" else "±" in sure


def test_what_if_asks_again_for_each_feature_and_keeps_nothing(open_page, api, champion):
    page = predict(open_page)
    change = page.selectbox[-1]
    for position in range(len(change.options)):
        assert not page.selectbox[-1].select_index(position).run().exception
    api.get("/past_predictions")  # waits until all is stored

    assert len(history.past(100)) == 1


def test_an_api_that_is_down_is_told_and_the_page_recovers(open_page, api, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("API_URL", "http://127.0.0.1:9")
        page = predict(open_page)
        assert "uv run poe api" in page.error[0].value

    page.button[-1].click().run()

    assert not page.error
    assert page.metric[0].value


def test_an_api_that_has_no_model_says_so(open_page, monkeypatch, champion, api, tmp_path):
    (tmp_path / "store/objects/champion.json").unlink()

    page = predict(open_page)

    assert "no champion" in page.error[0].value


def test_something_that_is_not_our_api_is_told(open_page, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr("app.client.CONNECT_SECONDS", 0.2)
        page = open_page("signals")

    assert "did not answer within" in page.error[0].value


def test_past_predictions_are_empty_at_first(open_page):
    assert "No prediction yet" in open_page("answers").info[0].value


def test_past_predictions_are_shown_filtered_and_judged(open_page, api, champion):
    answer = api.post("/predict", json=[contract.example_record()] * 3).json
    api.get("/past_predictions")  # waits until they are stored
    first = answer["predictions"][0]
    history.add_labels({first["id"]: first["prediction"]})

    page = open_page("answers")
    assert [one.value for one in page.metric[:2]] == ["3", "1"]
    assert set(contract.features()) <= set(page.dataframe[0].value.columns)
    page.toggle[0].set_value(True).run()

    assert page.metric[0].value == "1"
    assert page.dataframe[0].value["id"].tolist() == [first["id"]]


def test_answers_of_another_schema_are_left_out(open_page, api, champion):
    api.post("/predict", json=contract.example_record())
    api.get("/past_predictions")  # waits until it is stored
    now, record = datetime.now(UTC), json.dumps({"another": 1})
    history.remember([history.Prediction("x", "old", record, '"other"', 0.9, now)])

    page = open_page("answers")

    assert page.metric[0].value == "1"
    assert "x" not in page.dataframe[0].value["id"].tolist()


def test_the_golden_signals_count_what_was_asked(open_page, api):
    before = open_page("signals").metric[1].value
    api.post("/predict", json=contract.example_record())

    page = open_page("signals")

    assert len(page.metric) == 4
    assert float(page.metric[1].value) == float(before) + 1
    assert page.metric[0].value.endswith("ms")
