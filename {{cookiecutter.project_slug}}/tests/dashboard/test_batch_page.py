"""The page that shows scored tables, without a browser."""

import pytest
from dashboard.menu import beside_the_menu

from app.contract import columns
from app.history import batch_runs, predictions
from app.pipeline import batch
from app.registry import versions
from app.storage import open_storage

pytestmark = [pytest.mark.service, pytest.mark.integration]


def test_before_the_first_batch_the_page_says_how_to_make_one(open_page):
    assert "uv run poe batch" in open_page("batch").info[0].value


def test_a_run_is_shown_whole_and_filtered(open_page, champion):
    batch.main("one")
    batch.main("two")

    page = open_page("batch")
    whole = page.dataframe[0].value
    assert len(page.selectbox[0].options) == 2
    assert set(columns.features()) | {"prediction", "id"} <= set(whole.columns)
    page.selectbox[0].select_index(1).run()

    assert page.dataframe[0].value["id"].str.startswith("one-").all()


def test_beside_the_menu_stands_when_the_last_run_was(champion):
    assert "No batch yet" in beside_the_menu()

    batch.main("run")

    assert f"Last batch: {batch_runs.whole()[0][-1].finished_at[:10]}" in beside_the_menu()


def test_runs_of_another_schema_are_left_out(open_page, champion):
    batch.main("run")
    record = versions.record_of(champion).model_copy(update={"contract": "another"})
    open_storage().put(f"models/{champion}/record.json", record.to_json())

    assert "uv run poe batch" in open_page("batch").info[0].value


def test_labels_show_how_good_it_was(open_page, champion):
    batch.main("run")
    rows = batch_runs.scored("batch_predictions_run", about=10)[0][:5]
    predictions.add_labels({row["id"]: row["prediction"] for row in rows})

    page = open_page("batch")

    assert page.metric[1].value == "5"
    assert page.metric[2].value in ("100%", "0.00")


def test_what_everybody_can_open_shows_no_single_row(open_page, champion, monkeypatch):
    batch.main("run")
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")

    page = open_page("batch")

    assert page.metric[0].value
    assert not [*page.dataframe, *page.get("download_button"), *page.toggle]
