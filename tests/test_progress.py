"""How far a team is: an empty project, a half-done, a finished and a gamed one."""

import re
import subprocess
import sys

import pytest
from teamwork import commit, fill, leave_out, words_of, work, write

from mlsd import course, keys, milestone, progress
from mlsd.project import Project


def test_a_fresh_project_is_ready_and_not_started(team, capsys):
    states = words_of(team)

    assert len(states) == 19
    assert states.pop("1.5") == "begun"  # the branches are there
    assert set(states.values()) == {"not started"}
    assert progress.main(team.path, None, None, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "Milestone 1, 2026-03-02: Use case, data and experiments (0 of 11 done)" in told
    assert "expected 60 own words, found 0 own words, in docs/PROJECT_CARD.md" in told


def test_the_readme_of_a_fresh_project_holds_the_table(team):
    known = course.read(team.path)
    states = [progress.judge(Project(team.path), one) for one in known.workpackages]

    assert progress.to_markdown(states) in (team.path / "README.md").read_text(encoding="utf-8")


def test_a_team_that_works_through_ends_all_green(team, edit_year, capsys):
    edit_year("reviewers: []", "reviewers: [staff-example]")
    edit_year("emails: []", "emails: [staff@example.com]")
    for number in (1, 2, 3):
        work(team, number)
        (team.path / "slides").mkdir(exist_ok=True)
        (team.path / f"slides/milestone_{number}.pdf").write_bytes(b"%PDF-1.7 slides")
        commit(team)
        assert progress.main(team.path, number, None, "text") == 0, capsys.readouterr().out
        assert milestone.main(team.path, number, False) == 0
        told = capsys.readouterr().out
        assert "missing:" not in told
        assert "to ask:" not in told
        assert "--base main --head develop" in told
        assert "--reviewer staff-example" in told

    assert set(words_of(team).values()) == {"done"}
    page = (team.path / "local/milestone-3.md").read_text(encoding="utf-8")
    assert "- **1.6 Continuous integration**: 3 own tests in tests/. See it by `uv run" in page
    assert "- Merge branch 'feature/0'" in page
    assert "## What is not done\n\n- nothing" in page


def test_half_of_the_work_is_begun_and_says_what_is_next(team, capsys):
    write(team, "docs/PROJECT_CARD.md", "", more=True)
    fill(team, {"words": {"in": "docs/PROJECT_CARD.md", "under": "Project data", "least": 30}}, 1)
    commit(team)

    assert words_of(team)["1.2"] == "begun"
    assert progress.main(team.path, None, 1, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "found 0 own words, in docs/PROJECT_CARD.md under 'Project description'" in told
    assert "own words, in docs/PROJECT_CARD.md under 'Project data'" in told.partition("there:")[2]
    assert "2.1" not in told


def test_a_gamed_project_stays_red(team, capsys):
    """Fill every file with something, and see that nothing is done."""
    for one in course.read(team.path).workpackages:
        for wanted in one.done:
            about = next(iter(wanted.values()))
            path = (
                about
                if isinstance(about, str)
                else about.get("in")
                if isinstance(about, dict)
                else None
            )
            if path:
                there = (team.path / path).exists()
                write(team, path, "\n\nword word word\n![x](absent.png)\n" * 40, more=there)
    write(team, "tests/test_own.py", "def test_a():\n    assert True\n")
    commit(team)

    states = words_of(team)

    assert "done" not in {states[number] for number in states if number not in ("1.5",)} - {"begun"}
    assert progress.main(team.path, None, None, "text") == 1


def test_what_is_left_out_with_a_reason_counts_as_decided(team, capsys):
    leave_out(team, "5.1", "we have no users whom it would serve")

    assert words_of(team)["5.1"] == "not chosen"


def test_a_folder_that_is_no_project_is_told(tmp_path, capsys):
    assert progress.main(tmp_path, None, None, "text") == 2
    assert milestone.main(tmp_path, 1, False) == 2
    assert "go to your project's folder" in capsys.readouterr().out


def test_what_git_or_a_merge_left_is_told(team, tmp_path, monkeypatch, capsys):
    assert progress.main(team.path, 1, None, "text") == 1
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert progress.main(team.path, 1, None, "text") == 2
    assert "git is not installed" in capsys.readouterr().out
    write(team, ".cruft.json", "<<<<<<< HEAD\n")
    assert progress.main(team.path, 1, None, "text") == 2
    assert ".cruft.json is not JSON" in capsys.readouterr().out


def test_who_reads_may_stop_in_the_middle(team):
    command = [sys.executable, "-m", "mlsd", "progress"]
    with subprocess.Popen(command, cwd=team.path, stdout=-1, stderr=-1) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_description_may_hold_the_mark_of_the_table(team):
    page = team.path / "README.md"
    text = page.read_text(encoding="utf-8").replace("A machine", progress.MARKS[0] + " A machine")
    page.write_text(text, encoding="utf-8", newline="\n")

    progress.main(team.path, None, None, "write")

    assert page.read_text(encoding="utf-8").partition("## ")[0] == text.partition("## ")[0]


def test_the_table_is_written_between_its_marks_and_only_there(team):
    before = (team.path / "README.md").read_text(encoding="utf-8")
    work(team, 1)

    progress.main(team.path, None, None, "write")

    after = (team.path / "README.md").read_text(encoding="utf-8")
    assert "| 1.1 | Form a team |" in after
    assert "addresses in the project card | done |" in after
    assert "your conclusions; `uv run poe data`; `uv run poe eda` |" in after
    outside = [
        re.sub(r"<!-- work.*?<!-- end", "", text, flags=re.DOTALL) for text in (before, after)
    ]
    assert outside[0] == outside[1]


KEY = '{"private_key": "-----BEGIN PRIVATE ' + 'KEY-----\\nMIIE"}'


@pytest.mark.parametrize("tool", ["text", "write", "milestone"])
def test_a_key_that_any_commit_holds_is_told_with_the_page_that_says_what_to_do(team, capsys, tool):
    write(team, "docs/ключ.json", KEY)
    commit(team)
    team.git("rm", "--quiet", "docs/ключ.json")
    commit(team)

    if tool == "milestone":
        milestone.main(team.path, 1, False)
    else:
        progress.main(team.path, None, None, tool)

    told = capsys.readouterr()
    assert "private key, in docs/ключ.json." in told.err
    assert "docs/GITFLOW.md says under 'A key is public'" in told.err
    assert "private key" not in told.out
    assert "\n## A key is public\n" in (team.path / "docs/GITFLOW.md").read_text(encoding="utf-8")


def test_a_project_without_a_key_is_told_nothing(team, capsys):
    progress.main(team.path, None, None, "text")

    assert capsys.readouterr().err == ""


@pytest.mark.full
def test_the_recipe_of_the_page_takes_a_key_out_of_every_commit(team, tmp_path):
    write(team, "key.json", KEY)
    commit(team)
    team.git("push", "--quiet", "origin", "HEAD:refs/heads/feature/x")
    page = (team.path / "docs/GITFLOW.md").read_text(encoding="utf-8")
    recipe = page.partition("Then, in a new clone:")[2].split("```")[1].strip()
    recipe = re.sub(r"https://github.com/\S+", str(tmp_path / "hub.git"), recipe)

    for line in recipe.replace("FILE", "key.json").splitlines():
        place = tmp_path / "rewritten" if (tmp_path / "rewritten").exists() else tmp_path
        if not line.startswith("cd "):
            subprocess.run(line.split(), cwd=place, check=True)

    subprocess.run(["git", "clone", "--quiet", str(tmp_path / "hub.git"), "new"], cwd=tmp_path)
    assert keys.find(Project(team.path)) == ["key.json"]
    assert keys.find(Project(tmp_path / "new")) == []
    branches = Project(tmp_path / "new").git("branch", "--remotes").split()
    assert {"origin/main", "origin/develop", "origin/feature/x"} <= set(branches)
