"""What the system uses: the page tells what follows from Terraform's numbers."""

import shutil
from pathlib import Path

import costs
import pytest

pytestmark = [pytest.mark.code, pytest.mark.unit]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Work on a copy of what is read and written."""
    for name in ("docs", "terraform"):
        shutil.copytree(name, tmp_path / name, ignore=shutil.ignore_patterns(".terraform"))
    monkeypatch.chdir(tmp_path)


def missing():
    page = costs.PAGE.read_text(encoding="utf-8")
    return [use.unit for use in costs.uses() if use.row() not in page]


def test_the_page_tells_what_follows_from_terraform():
    assert missing() == [], "run `uv run poe costs`"


def test_another_number_changes_the_page(elsewhere):
    file = Path("terraform/variables_api.tf")
    text = file.read_text(encoding="utf-8")
    before = {use.unit: use for use in costs.uses()}
    file.write_text(text.replace("default     = 2", "default     = 4"), encoding="utf-8")

    stale = missing()
    costs.main()

    assert "requests to the API" in stale
    assert missing() == []
    after = {use.unit: use for use in costs.uses()}
    unit = "vCPU-seconds of the API"
    assert after[unit].flooded_day == 2 * before[unit].flooded_day == 4 * costs.DAY


def test_idle_nothing_is_used_but_by_the_check_from_outside():
    assert not [use for use in costs.uses() if use.idle_month and "check" not in use.unit]
