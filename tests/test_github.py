"""What is opened on GitHub: an issue for each workpackage, a pull request for a milestone."""

import json
import os
import stat
import sys

import pytest
from teamwork import leave_out

from mlsd import course, github, milestone
from mlsd.course_error import CourseError
from mlsd.project import Project


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Play GitHub's command, which needs an account: it keeps issues and milestones in a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    code = f"""#!{sys.executable}
import json, pathlib, sys
store = pathlib.Path({str(tmp_path / "github.json")!r})
empty = {{"issues": [], "milestones": [], "log": []}}
kept = json.loads(store.read_text()) if store.exists() else empty
words = sys.argv[1:]
kept["log"].append(words)
if words[:2] == ["issue", "list"]:
    print(json.dumps([{{"title": title}} for title in kept["issues"]]))
elif words[:2] == ["issue", "create"]:
    kept["issues"].append(words[words.index("--title") + 1])
elif words[0] == "api" and "state=all" in words[1]:
    print(json.dumps([{{"title": title}} for title in kept["milestones"]]))
elif words[:2] == ["pr", "create"]:
    print("https://github.com/example-team/x/pull/7")
elif words[0] == "api":
    kept["milestones"].append(words[3].removeprefix("title="))
store.write_text(json.dumps(kept))
"""
    script = folder / "gh"
    script.write_text(code, encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: json.loads((tmp_path / "github.json").read_text(encoding="utf-8"))


def open_issues(project, really):
    hub = github.Gh(str(project.path), really)
    return github.open_issues(hub, course.read(project.path), Project(project.path))


def test_an_issue_is_opened_for_each_workpackage_once(team, gh):
    assert open_issues(team, really=True) == 19
    assert open_issues(team, really=True) == 0

    assert len(gh()["issues"]) == len(set(gh()["issues"])) == 19
    assert gh()["milestones"] == [f"Sprint {n}" for n in range(1, 7)]


def test_no_issue_is_opened_for_what_was_left_out(team, gh):
    leave_out(team, "5.1", "our users want a mail every morning")

    open_issues(team, really=True)

    assert "WP 5.1: A dashboard" not in gh()["issues"]


def test_without_being_asked_github_is_not_touched(team, gh, tmp_path, capsys):
    open_issues(team, really=False)

    assert not (tmp_path / "github.json").exists()
    assert "$ gh issue create --title 'WP 1.1: Form a team'" in capsys.readouterr().out


def test_a_milestone_that_lacks_something_is_not_opened(team, gh, tmp_path, capsys):
    assert milestone.main(team.path, 1, True) == 1

    assert not (tmp_path / "github.json").exists()
    told = capsys.readouterr().out
    assert "slides/milestone_1.pdf is absent" in told
    assert "to ask: the course year 2026 names no reviewers" in told
    assert "develop is not on GitHub" in told


def test_the_pull_request_is_of_develop_as_it_is_on_github(team, capsys):
    commit_all = ("commit", "--quiet", "--no-verify", "--allow-empty", "-m")
    team.git("push", "--quiet", "origin", "main", "develop")
    team.git(*commit_all, "Not pushed")
    milestone.main(team.path, 1, False)
    assert "1 commits of develop are not on GitHub" in capsys.readouterr().out
    team.git("switch", "--quiet", "--create", "feature/x")
    milestone.main(team.path, 1, False)
    assert "you are on feature/x" in capsys.readouterr().out


def test_what_a_team_left_out_is_told(team):
    leave_out(team, "1.3", "we could not agree on one")

    milestone.main(team.path, 1, False)

    page = (team.path / "local/milestone-1.md").read_text(encoding="utf-8")
    assert "- 1.3 Give it a name: not chosen, because we could not agree on one" in page


def test_what_comes_later_is_missing_at_its_milestone_and_its_issue_says_so(small, capsys):
    assert milestone.main(small.path, 3, False) == 1
    told = capsys.readouterr().out
    assert "missing: 4.1 A pipeline that trains and deploys: comes in sprint 4;" in told
    page = (small.path / "local/milestone-3.md").read_text(encoding="utf-8")
    assert "- 4.1 A pipeline that trains and deploys: comes in sprint 4" in page

    open_issues(small, really=False)

    issue = capsys.readouterr().out.partition("WP 4.1")[2].partition("WP 5.1")[0]
    assert "- the rest, in its sprint: `uv run poe grow`" in issue
    assert "src/app/pipeline" not in issue
    assert "uv run poe pipeline" not in issue


def test_an_open_milestone_gives_the_link_for_the_mail(team, gh, capsys, monkeypatch):
    monkeypatch.setattr(milestone, "_missing", lambda *_: [])

    assert milestone.main(team.path, 1, True) == 0

    told = capsys.readouterr().out
    assert "Subject: Milestone 1 of Penguin Observatory, Team Example" in told
    assert "is https://github.com/example-team/x/pull/7" in told


def test_a_milestone_that_does_not_exist_is_told(team, capsys):
    assert milestone.main(team.path, 4, False) == 2
    assert "there is no milestone 4: 1, 2, 3" in capsys.readouterr().out


def test_gh_that_is_absent_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CourseError, match="gh is not installed"):
        github.Gh(str(tmp_path), really=True).do("pr", "create")
