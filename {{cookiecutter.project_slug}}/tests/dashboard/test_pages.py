"""The pages that every dashboard has, without a browser: with data, and before there are any."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from dashboard.menu import beside_the_menu, drawn, project_name
from streamlit.testing.v1 import AppTest

from app import config
from app.contract import columns
from app.dashboard import cached_reads
from app.registry import versions
from app.registry.records import Slice
from app.storage import open_storage, tables

VIEWS = Path("src/app/dashboard/views").resolve()

pytestmark = [pytest.mark.service, pytest.mark.integration]


@pytest.mark.parametrize("cloud", [None, "dev"])
def test_a_page_that_nobody_touches_leaves_only_where_it_costs(monkeypatch, cloud):
    monkeypatch.setattr(config, "load_cloud", lambda: cloud)

    page = AppTest.from_file(str(VIEWS.parent / "main.py"), default_timeout=60).run()

    scripts = [one.proto.body for one in page.get("html")]
    assert len(scripts) == (1 if cloud else 0)
    for script in scripts:  # Streamlit drops a script in which it finds another tag
        assert re.findall(r"<[/\w!]+", script) == ["<script", "</script"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("model", "No champion yet"), ("data", "does not exist")],
)
def test_an_empty_system_is_told_in_a_sentence(open_page, name, why):
    page = open_page(name)

    assert why in (page.info or page.error)[0].value
    assert page.button[0].label in ("Look again", "Try again")


def test_a_storage_that_is_down_is_told_and_the_page_recovers(
    open_page, champion, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("LOCAL_STORE", str(tmp_path / "file"))
        open_storage.cache_clear()
        page = open_page("data")
        assert "cannot be read" in page.error[0].value

    open_storage.cache_clear()
    page.button[0].click().run()

    assert not page.error
    assert page.metric[0].label == "Examples"


def test_the_model_page_shows_metrics_slices_mistakes_and_its_card(open_page, champion):
    page = open_page("model")

    headings = [heading.value for heading in page.subheader]
    assert {"Versions side by side", "Feature importance", "Model card"} <= set(headings)
    assert {"Confusion matrix", "Residuals"} & set(headings)
    assert page.selectbox[0].options == [cached_reads.dated(champion)]
    assert len(page.metric) == 3
    card = page.markdown[-1].value
    assert champion in card
    assert "| | |" not in card


def test_two_champions_stand_side_by_side(open_page, champion, twin):
    evaluation = versions.evaluation_of(twin)
    versions.appoint(twin, evaluation, versions.champion())

    page = open_page("model")

    both = [cached_reads.dated(twin), cached_reads.dated(champion)]
    assert page.dataframe[0].value.columns.tolist() == both
    assert page.dataframe[0].value.loc["learnt from"].nunique() == 1
    page.multiselect[0].set_value([]).run()
    assert page.dataframe[0].value.columns.tolist() == both[:1]


def test_of_many_slices_the_weakest_are_drawn(open_page, champion):
    parts = {f"part = {n:02}": Slice(rows=30, model=n / 40, baseline=0.1) for n in range(40)[::-1]}
    evaluation = versions.evaluation_of(champion).model_copy(update={"slices": parts})
    versions.add_evaluation(champion, evaluation)

    page = open_page("model")

    assert "12 of 40 slices, the weakest first." in [caption.value for caption in page.caption]


def test_a_version_without_examples_shows_all_that_is_known(open_page, champion):
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    page = open_page("model")

    assert "does not say what it was trained on" in page.info[0].value
    assert "Model card" in [heading.value for heading in page.subheader]


def test_the_data_page_shows_each_column(open_page, champion):
    page = open_page("data")
    labels = [column.label for column in (*columns.features().values(), columns.target())]

    assert page.selectbox[0].options == labels
    for position in range(len(labels)):
        assert not page.selectbox[0].select_index(position).run().exception


def test_the_data_page_shows_rows_and_two_columns_against_each_other(open_page, champion):
    page = open_page("data")
    first_of_kind = {c.quantity: c.label for c in (*columns.features().values(), columns.target())}

    assert set(page.dataframe[0].value.columns) == set(columns.of())
    for across in first_of_kind.values():
        page.selectbox[1].select(across).run()
        for up in set(first_of_kind.values()) - {across}:
            page.selectbox[2].select(up).run()
            assert not page.exception
            assert f"{up} against {across}" in drawn(page)


def test_data_that_everybody_can_open_are_sums_only(open_page, champion, public):
    page = open_page("data")

    assert not page.exception
    assert not page.dataframe
    assert len(page.selectbox) == 1, "no two columns to choose"


def test_the_axis_of_missing_values_ends_at_100(open_page, champion):
    examples = open_storage().read(tables.EXAMPLES)
    gap = next(iter(columns.features()))
    column = pa.nulls(len(examples), examples.schema.field(gap).type)
    position = examples.schema.get_field_index(gap)
    open_storage().write(tables.EXAMPLES, examples.set_column(position, gap, column))

    charts = drawn(open_page("data"))

    spec = next(chart for about, chart in charts.items() if about.startswith("What is missing"))
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 100]


def test_examples_of_another_schema_are_told(open_page, champion):
    open_storage().write(tables.EXAMPLES, pa.table({"another": [1]}))

    assert "run `uv run poe data`" in open_page("data").error[0].value


def test_the_dashboard_reads_no_file_of_the_data(open_page, champion, monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_SOURCE", str(tmp_path / "absent.csv"))

    assert open_page("data").metric[0].value


def test_beside_the_menu_stands_whose_it_is(champion):
    beside = beside_the_menu()

    evaluation = versions.evaluation_of(champion)
    for part in (
        project_name(),
        "local",
        cached_reads.dated(champion)[:10],
        f"{evaluation.score:.3f}",
    ):
        assert part in beside
    assert champion not in beside


def test_beside_the_menu_an_empty_and_a_broken_storage_are_told(monkeypatch, tmp_path):
    assert "No champion yet" in beside_the_menu()  # and the page beside it may have stopped

    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("LOCAL_STORE", str(tmp_path / "file"))
    open_storage.cache_clear()

    assert "Storage is down" in beside_the_menu()


def test_a_version_of_another_form_keeps_its_name():
    assert cached_reads.dated("20260131T235958123456-0a1b2c3d") == "2026-01-31 23:59:58"
    assert cached_reads.dated("old") == "old"


def test_the_menu_names_every_page_that_has_a_file(champion):
    menu = VIEWS.with_name("main.py")
    page = AppTest.from_file(str(menu), default_timeout=60).run()

    assert not page.exception
    named = re.findall(r'st.Page\("views/(\w+)\.py"', menu.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(path.stem for path in VIEWS.glob("*.py"))
