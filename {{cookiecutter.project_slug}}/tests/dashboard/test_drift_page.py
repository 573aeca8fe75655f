"""The page that shows what the monitor found, without a browser."""

import pytest

from app.contract import columns
from app.monitoring import monitor
from app.pipeline import batch

pytestmark = [pytest.mark.service, pytest.mark.integration]


def test_before_the_first_run_the_page_says_so(open_page):
    assert "Nothing was monitored" in open_page("drift").info[0].value


def test_the_drift_page_shows_what_was_monitored(open_page, champion, tmp_path, monkeypatch):
    monkeypatch.setattr(monitor, "PAGE", tmp_path / "DRIFT.md")
    batch.main()
    monitor.main()

    page = open_page("drift")

    any_value = [name for name, column in columns.features().items() if not column.options]
    assert len(page.dataframe[0].value) == len(columns.features()) + len(any_value) + 1
    assert [verdict.value[:5] for verdict in page.success] == ["Data ", "Targe"]
    assert "no label has come" in page.info[0].value
