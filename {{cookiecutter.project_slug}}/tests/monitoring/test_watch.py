"""On alarm: nothing, an issue, a training, whatever was asked for; an alarm stays an alarm."""

import os
import stat
import sys

import pytest
import watch

from app.errors import ConfigError
from app.monitoring import monitor

pytestmark = [pytest.mark.code, pytest.mark.unit]


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Play GitHub's command, which needs an account: it notes what it is asked."""
    folder, log = tmp_path / "bin", tmp_path / "gh.log"
    folder.mkdir()
    code = f"import sys; open({str(log)!r}, 'a').write(' '.join(sys.argv[1:3]) + chr(10))"
    script = folder / ("gh.bat" if sys.platform == "win32" else "gh")
    start = "@" if sys.platform == "win32" else "#!/bin/sh\n"
    rest = "%*" if sys.platform == "win32" else '"$@"'
    script.write_text(f'{start}"{sys.executable}" -c "{code}" {rest}\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


def alarm_on(monkeypatch, *arguments):
    def alarm():
        raise monitor.DriftFound("the world changed.")

    monkeypatch.setattr(monitor, "main", alarm)
    monkeypatch.setattr(sys, "argv", ["watch.py", *arguments])


def test_nothing_is_done_on_alarm_unless_asked(gh, monkeypatch):
    alarm_on(monkeypatch)

    with pytest.raises(monitor.DriftFound):
        watch.main()

    assert not gh.exists()


def test_an_issue_is_opened_and_the_pipeline_asked_on_alarm(gh, monkeypatch):
    ran = []
    monkeypatch.setattr(watch.run, "if_new", ran.append)
    alarm_on(monkeypatch, "--issue", "--retrain")

    with pytest.raises(monitor.DriftFound, match="the world changed"):
        watch.main()

    assert gh.read_text().splitlines() == ["issue list", "label create", "issue create"]
    assert ran == ["local"]


def test_what_fails_on_alarm_does_not_hide_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    alarm_on(monkeypatch, "--issue")

    with pytest.raises(monitor.DriftFound) as found:
        watch.main()

    assert found.value.problems[0] == "the world changed."
    assert "gh is not installed" in found.value.problems[1]
    assert found.value.exit_code == 2


def test_an_unknown_action_is_told(monkeypatch):
    alarm_on(monkeypatch, "--panic")

    with pytest.raises(ConfigError, match="watch --panic"):
        watch.main()
