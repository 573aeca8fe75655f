"""The pages that every dashboard has, without a browser: with data, and before there are any."""

import ast

import pyarrow as pa
import pytest
from conftest import PAGES
from streamlit.testing.v1 import AppTest

from app import batch, card, contract, monitor, registry
from app.storage import open_storage, tables

pytestmark = [pytest.mark.service, pytest.mark.integration]


@pytest.mark.parametrize(
    ("name", "told"),
    [("model", "No champion yet"), ("drift", "Nothing was monitored"), ("data", "does not exist")],
)
def test_an_empty_system_is_told_in_a_sentence(open_page, name, told):
    page = open_page(name)

    assert told in (page.info or page.error)[0].value
    assert page.button[0].label in ("Look again", "Try again")


def test_a_storage_that_is_down_is_told_and_the_page_recovers(
    open_page, champion, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("LOCAL_STORE", str(tmp_path / "file"))
        page = open_page("data")
        assert "cannot be read" in page.error[0].value

    page.button[0].click().run()

    assert not page.error
    assert page.metric[0].label == "Examples"


def test_the_model_page_shows_metrics_slices_mistakes_and_its_card(open_page, champion):
    page = open_page("model")

    headings = [one.value for one in page.subheader]
    assert {"Champions", "Feature importance", "Model card"} <= set(headings)
    assert {"Confusion matrix", "Residuals"} & set(headings)
    assert champion in page.selectbox[0].options
    assert len(page.metric) == 3


def test_a_version_without_examples_shows_all_that_is_known(open_page, champion):
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    page = open_page("model")

    assert "does not say what it was trained on" in page.info[0].value
    assert "Model card" in [one.value for one in page.subheader]


def test_the_card_says_what_the_registry_knows(champion):
    text = card.describe(registry.record_of(champion), registry.evaluation_of(champion))

    main, score = next(iter(registry.evaluation_of(champion)["model"].items()))
    assert f"{main} {score:.3f}" in text
    assert champion in text
    assert contract.target().label in text


def test_the_data_page_shows_each_column(open_page, champion):
    page = open_page("data")
    labels = [column.label for column in (*contract.features().values(), contract.target())]

    assert page.selectbox[0].options == labels
    for position in range(len(labels)):
        assert not page.selectbox[0].select_index(position).run().exception


def test_the_drift_page_shows_what_was_monitored(open_page, champion, pages):
    batch.main()
    monitor.main()

    page = open_page("drift")

    assert len(page.dataframe[0].value) == len(contract.features()) + 1
    assert [one.value[:5] for one in page.success] == ["Data ", "Targe"]
    assert "no label has come" in page.info[0].value


def test_examples_of_another_schema_are_told(open_page, champion):
    open_storage().write(tables.EXAMPLES, pa.table({"another": [1]}))

    assert "run `uv run poe data`" in open_page("data").error[0].value


def test_the_dashboard_reads_no_file_of_the_data(open_page, champion, monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "absent.csv"))

    assert open_page("data").metric[0].value


def test_every_page_that_has_a_file_is_reached(champion):
    page = AppTest.from_file(str(PAGES.parent / "main.py"), default_timeout=60).run()

    assert not page.exception
    titles = {name for names in main_pages().values() for name in names}
    assert {path.stem for path in PAGES.glob("*.py")} <= titles


def main_pages():
    """Read the table of pages without running the page."""
    tree = ast.parse((PAGES.parent / "main.py").read_text(encoding="utf-8"))
    tables = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "_PAGES"
    ]
    return ast.literal_eval(tables[0])
