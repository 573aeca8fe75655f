"""The pages that ask the API, without a browser: answers, and an API that is down or unwell."""

import math
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from dashboard.menu import beside_the_menu
from history.served import remember, row

from app import schema
from app.api import client
from app.contract import columns
from app.dashboard import cached_reads, explanation
from app.history import predictions
from app.registry import reference, versions
from app.storage import open_storage

pytestmark = [pytest.mark.service, pytest.mark.integration]


def predict(open_page):
    page = open_page("predict")
    page.button[0].click().run()
    assert not page.exception
    return page


def form_of(page):
    """Read what stands in the form."""
    state = page.session_state
    return {name: state[f"field {name}"] for name in columns.features()}


def stored(count):
    """Wait until so many predictions are in storage, and give them."""
    for _ in range(200):
        if len(rows := predictions.latest(100)) >= count:
            return rows
        time.sleep(0.1)
    return pytest.fail(f"{len(rows)} predictions are stored after 20 s, not {count}")


def test_the_form_asks_the_api_and_shows_the_answer(open_page, api):
    page = predict(open_page)

    assert page.metric[0].label == columns.target().label
    assert page.metric[0].value
    sure = page.metric[0].delta
    assert "probability" in sure if columns.task() == "classification" else "±" in sure


def test_what_if_asks_again_for_each_feature_and_keeps_nothing(open_page, api, champion):
    page = predict(open_page)
    assert page.subheader[0].value == "Why this answer?"
    change = page.selectbox[-1]
    for position in range(len(change.options)):
        assert not page.selectbox[-1].select_index(position).run().exception

    assert len(stored(1)) == 1


def test_the_form_that_everybody_can_open_offers_no_real_example(open_page, champion, public):
    page = open_page("predict")

    assert not page.exception
    assert not page.pills


def test_the_form_starts_from_a_real_example_and_another_fills_it(open_page, champion):
    page = open_page("predict")
    examples = reference.read(champion).query("held_out")
    known = cached_reads.as_records(examples)

    assert form_of(page) in known
    assert page.pills[0].options
    for option in page.pills[0].options:
        page.pills[0].set_value(option).run()
        assert not page.exception
        assert form_of(page) in known


def test_without_a_champion_the_form_starts_from_the_contract(open_page):
    page = open_page("predict")

    assert not page.pills
    assert form_of(page) == columns.example_record()


def test_what_moves_the_answer_is_measured_by_occlusion(champion, api, monkeypatch, number):
    """Expected by hand: the answer, less the mean of those with the values of the others."""
    asked = columns.example_record()
    others = [asked | {number.name: value} for value in (number.minimum, number.maximum)]
    frame = pd.DataFrame(others).astype(object)
    monkeypatch.setattr(cached_reads, "trained_on", lambda _: frame)
    answers, _ = explanation.ask([asked, *others])

    explanation.effects.clear()
    effects = explanation.effects(asked, champion)

    assert list(effects.index) == list(columns.features())
    expected = answers.iloc[0] - answers.iloc[1:].mean()
    pd.testing.assert_series_equal(effects.loc[number.name], expected, check_names=False)
    assert effects.drop(number.name).abs().max().max() < 1e-6


def test_what_is_asked_at_once_is_bounded(champion, api, monkeypatch):
    sizes, ask = [], client.ask
    monkeypatch.setattr(client, "ask", lambda p, r: sizes.append((p, len(r))) or ask(p, r))

    explanation.effects.clear()
    explanation.effects(columns.example_record(), champion)

    assert [path for path, _ in sizes] == ["/predict?keep=false"]
    assert sizes[0][1] <= explanation.ASKED + 1


def test_a_version_that_keeps_no_examples_still_answers(open_page, api, champion):
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    page = predict(open_page)

    assert "does not say what it was trained on" in page.info[0].value
    assert page.metric[0].value
    assert page.subheader[-1].value.startswith("What if")


def test_beside_the_menu_stands_how_the_api_is(api, monkeypatch):
    assert "API is ready" in beside_the_menu()

    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")

    assert "API is down" in beside_the_menu()


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


def test_past_predictions_are_empty_at_first(open_page):
    assert "No prediction yet" in open_page("answers").info[0].value


def test_past_predictions_are_shown_filtered_and_judged(open_page, api, champion):
    answer = api("/predict", [columns.example_record()] * 3)
    stored(3)
    first = answer["predictions"][0]
    predictions.add_labels({first["id"]: first["prediction"]})

    page = open_page("answers")
    assert [metric.value for metric in page.metric[:2]] == ["3", "1"]
    assert set(columns.features()) <= set(page.dataframe[0].value.columns)
    page.toggle[0].set_value(True).run()

    assert page.metric[0].value == "1"
    assert page.dataframe[0].value["id"].tolist() == [first["id"]]


def test_answers_of_another_schema_are_left_out(open_page, api, champion):
    api("/predict", columns.example_record())
    stored(1)
    remember([row("x", "old", {"another": 1}, "other", at=datetime.now(UTC))])

    page = open_page("answers")

    assert page.metric[0].value == "1"
    assert "x" not in page.dataframe[0].value["id"].tolist()


@pytest.mark.parametrize(("rows", "width"), [(9, 9.0), (99, 90.0), (100, 91.0), (8, math.inf)])
def test_an_interval_is_as_wide_as_nine_of_ten_residuals_and_one_more(rows, width):
    """The rank ceil(0.9 (n + 1)) of the residuals 1 to n; with too few there is none."""
    numbers = [float(n) for n in range(1, rows + 1)]
    held_out = pd.DataFrame({schema.TARGET: numbers, "prediction": 0.0, "held_out": True})
    trained_on = held_out.assign(held_out=False, prediction=held_out[schema.TARGET])

    assert cached_reads.half_width(pd.concat([held_out, trained_on])) == width


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, True),
        ({"APP_ENV": "dev", "PUBLIC": "false"}, True),
        ({"APP_ENV": "dev", "PUBLIC": "true"}, False),
        ({"APP_ENV": "dev"}, False),
        ({"APP_ENV": "dev", "PUBLIC": "no"}, False),
    ],
    ids=["laptop", "private", "public", "unknown", "nonsense"],
)
def test_what_everybody_can_open_shows_no_single_record(
    open_page, champion, monkeypatch, variables, shown
):
    now, record = datetime.now(UTC), columns.example_record()
    answer = versions.load(champion).predict([record])[0].prediction
    times = {"early": now - timedelta(hours=3), "late": now}
    remember([row(name, champion, record, answer, at=at) for name, at in times.items()])
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    page = open_page("answers")

    assert page.metric[0].value == "2"
    charts = page.get("vega_lite_chart") + page.get("arrow_vega_lite_chart")
    assert len(charts) == (1 if shown else 2), "the answers, and when they were given"
    single = [*page.dataframe, *page.get("download_button"), *page.toggle, *page.selectbox]
    assert bool(single) == shown
    assert any("This page is public" in note.value for note in page.caption) != shown
