"""The page that shows what the monitor found, without a browser."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from dashboard.menu import drawn
from history.served import plain, remember, row

from app.contract import columns
from app.dashboard import cached_reads
from app.history import batch_runs
from app.monitoring import monitor
from app.pipeline import batch
from app.registry import reference
from app.storage import open_storage, tables

pytestmark = [pytest.mark.service, pytest.mark.integration]


@pytest.fixture
def watched(champion, tmp_path, monkeypatch):
    """Score a batch and monitor it."""
    monkeypatch.setattr(monitor, "PAGE", tmp_path / "DRIFT.md")
    batch.main("watched")
    monitor.main()


def test_before_the_first_run_the_page_says_so(open_page):
    assert "Nothing was monitored" in open_page("drift").info[0].value


def test_the_drift_page_shows_what_was_monitored(open_page, champion, watched):
    page = open_page("drift")

    any_value = [name for name, column in columns.features().items() if not column.options]
    assert len(page.dataframe[0].value) == len(columns.features()) + len(any_value) + 1
    assert [verdict.value[:5] for verdict in page.success] == ["Data ", "Targe"]
    assert "no label has come" in page.info[0].value


def test_the_most_drifted_comes_first_and_before_and_now_are_drawn(open_page, champion, watched):
    page = open_page("drift")
    options = page.selectbox[0].options

    assert options == [row for row in page.dataframe[0].value["of"] if row in options]
    for option in options:
        page.selectbox[0].select(option).run()
        assert not page.exception
        feature = option.removesuffix(": new values")
        assert f"{feature} before and now" in drawn(page)


def test_an_alarm_is_told_with_what_to_do(open_page, champion, watched):
    stored = open_storage().read(tables.MONITORING)
    findings = stored.to_pandas()
    name, column = next(iter(columns.features().items()))
    findings.loc[findings["name"] == name, ["alarm", "effect"]] = [True, 9.0]
    open_storage().write(tables.MONITORING, pa.Table.from_pandas(findings, stored.schema))

    page = open_page("drift")

    assert page.error[0].value.endswith(f"**Alarm**: {column.label}.")
    assert page.selectbox[0].value == name
    assert page.expander[0].proto.expanded
    assert "mend it" in page.expander[0].markdown[0].value


def test_a_window_whose_predictions_are_gone_is_told(open_page, champion, watched):
    batch_runs.replace([], batch_runs.whole()[1])

    page = open_page("drift")

    assert any("predictions of this window are gone" in info.value for info in page.info)


def test_the_window_of_the_api_is_what_was_asked_until_then(open_page, champion):
    now, record = datetime.now(UTC), columns.example_record()
    answer = plain(reference.read(champion)["prediction"][0])
    times = [now - timedelta(minutes=n) for n in range(5)]
    remember([row(f"p{n}", champion, record, answer, at=at) for n, at in enumerate(times)])
    finding = {"source": "online", "model_version": champion, "name": "x", "until": times[1]}
    cached_reads.answers.clear()

    window = cached_reads.window(pd.Series(finding | {"rows": 2}))

    assert window["id"].tolist() == ["p1", "p2"]
