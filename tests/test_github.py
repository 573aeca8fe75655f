"""What is opened on GitHub: an issue for each workpackage, a pull request for a milestone."""

import json
import os
import re
import shutil
import stat
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from teamwork import leave_out

from mlsd import __main__, course, github, milestone
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


def run(*words):
    """Run a tool as the command line does, in this process."""
    return __main__._run(__main__._parser().parse_args(words))


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


def test_branches_are_protected_and_the_staff_is_let_in(team, gh, edit_year, monkeypatch):
    edit_year("reviewers: []", "reviewers: [staff-example]")
    monkeypatch.chdir(team.path)

    assert run("protect") == 0

    asked = [" ".join(words) for words in gh()["log"]]
    assert asked[0].startswith("api repos/{owner}/{repo}/collaborators/staff-example --method PUT")
    assert asked[1] == "repo edit --default-branch develop"
    assert ["branches/develop" in asked[2], "branches/main" in asked[3]] == [True, True]
    workflows = (team.path / ".github/workflows").glob("*.yml")
    names = re.findall("^    name: (.+)$", "".join(p.read_text("utf-8") for p in workflows), re.M)
    checks = [word.partition("[contexts][]=")[2] for word in gh()["log"][3] if "contexts" in word]
    assert checks == ["All of CI", "From develop"]
    assert set(checks) <= set(names)


@pytest.mark.parametrize("way", ["dry run", "no gh"])
def test_what_would_be_protected_is_printed(team, gh, monkeypatch, capsys, way):
    monkeypatch.chdir(team.path)
    if way == "no gh":
        monkeypatch.setattr("shutil.which", lambda _: None)

    assert run("protect", *(["--dry-run"] if way == "dry run" else [])) == 0

    assert not list(team.path.parent.glob("github.json"))
    printed = capsys.readouterr().out
    assert "$ gh api 'repos/{owner}/{repo}/branches/main/protection' --method PUT" in printed
    assert "Nothing was done. Run this with gh" in printed
    assert "to ask: the course year 2026 names no reviewers" in printed


def test_the_rules_of_a_branch_are_what_github_asks_for(monkeypatch, tmp_path):
    """Have gh itself make the body of its request, and send it to this machine."""
    if not shutil.which("gh"):
        pytest.skip("gh is not installed")
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        place = f"http://127.0.0.1:{server.server_port}/repos/a/b"
        monkeypatch.setattr(github, "_REPOSITORY", place)
        monkeypatch.setattr(github, "_CHECKS", {"main": ["All of CI"]})
        monkeypatch.setenv("GH_TOKEN", "none")
        hub = github.Gh(str(tmp_path), really=True)
        do = hub.do
        monkeypatch.setattr(hub, "do", lambda *words: do(*words) if words[0] == "api" else "")
        github.protect(hub, ["staff-example"])
        server.shutdown()

    assert bodies == [
        {"permission": "pull"},
        {
            "required_status_checks": {"strict": False, "contexts": ["All of CI"]},
            "enforce_admins": True,
            "required_pull_request_reviews": {"required_approving_review_count": 1},
            "restrictions": None,
        },
    ]


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
