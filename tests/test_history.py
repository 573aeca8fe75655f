"""What the template made is told apart from a team's work, whatever happened to the history."""

import json
import os
import shutil
import stat

import pytest
from conftest import STENCIL, commit_all
from teamwork import OWN_TESTS, fill_merges, words_of, write

from mlsd import baseline, evidence, progress
from mlsd.course_error import CourseError
from mlsd.engine import rendering
from mlsd.project import Project

STAFF = "Staff explain here at length how latency differs from throughput.\n"
OURS = "We measured the latency ourselves.\n"


@pytest.fixture
def updated(bake, template_copy):
    """Update a project, as a tool does: the files change, and the commit in the record."""
    commit_all(template_copy)
    project = bake(template=template_copy)
    with (template_copy / STENCIL.name / "docs/API.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{STAFF}")
    new_test = template_copy / STENCIL.name / "tests/test_new.py"
    new_test.write_text(OWN_TESTS.format(n=1), encoding="utf-8")
    commit_all(template_copy)
    newer = bake(template=template_copy)
    for name in ("docs/API.md", "tests/test_new.py", ".cruft.json"):
        shutil.copy(newer.path / name, project.path / name)
    return project


def test_what_a_newer_template_brings_is_not_a_team_s_own(updated):
    assert Project(updated.path).own_words("docs/API.md") == 0
    assert Project(updated.path).own_tests() == []


def test_a_squashed_update_costs_nobody_their_words(updated):
    """One commit holds the update and the work of the same branch."""
    write(updated, "docs/API.md", OURS, more=True)
    write(updated, "tests/test_own.py", OWN_TESTS.format(n=2))
    updated.git("add", "--all")
    updated.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qnm", "All at once (#7)")

    assert Project(updated.path).own_words("docs/API.md") == len(OURS.split())
    assert Project(updated.path).own_tests() == ["test_2_features_are_known"]


def test_before_an_update_is_recorded_its_lines_would_be_a_team_s(updated):
    """The record decides: with the older commit the same lines are nobody's but the team's."""
    first = updated.git("show", "HEAD:.cruft.json")
    write(updated, ".cruft.json", first)

    assert Project(updated.path).own_words("docs/API.md") == len(STAFF.split())


def test_a_lost_history_is_no_obstacle(team):
    write(team, "docs/API.md", OURS, more=True)
    shutil.rmtree(team.path / ".git", onerror=_writable)
    team.git("init", "--quiet")

    assert Project(team.path).own_words("docs/API.md") == len(OURS.split())
    assert Project(team.path).own_tests() == []
    assert words_of(team)["1.1"] == "not started"


def test_a_shallow_clone_counts_all_but_merges(team, tmp_path, capsys):
    write(team, "docs/API.md", OURS, more=True)
    fill_merges(team, {"least": 3}, 0)
    team.git("push", "--quiet", "origin", "develop")
    clone = tmp_path / "clone"
    hub = (tmp_path / "hub.git").as_uri()
    team.git("clone", "--quiet", "--branch", "develop", "--depth", "1", hub, str(clone))

    assert Project(clone).own_words("docs/API.md") == len(OURS.split())
    assert progress.main(clone, 1, None, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "the clone is shallow" in told
    assert "git fetch --unshallow" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"template": "/nowhere/at/all"}, "'/nowhere/at/all'"),
        ({"commit": "0" * 40}, f"has no commit '{'0' * 40}'"),
        ({"context": {"cookiecutter": {"_region": "Belgium"}}}, "must be a region such as"),
        ({"context": None}, "does not record the template and your answers"),
    ],
)
def test_what_cannot_be_rendered_is_told(team, change, told):
    record = json.loads((team.path / ".cruft.json").read_text(encoding="utf-8"))
    write(team, ".cruft.json", json.dumps(record | change))

    with pytest.raises(CourseError) as error:
        Project(team.path).own_words("docs/API.md")
    assert told in str(error.value)


def test_the_year_of_generation_is_kept(team):
    record = json.loads((team.path / ".cruft.json").read_text(encoding="utf-8"))
    record["context"]["cookiecutter"]["__year"] = "1999"
    write(team, ".cruft.json", json.dumps(record))

    assert b"1999" in baseline.tree(team.path)["LICENSE"]


def test_what_was_rendered_is_kept(team, monkeypatch):
    generated = baseline.tree(team.path)
    assert generated.keys() == team.files() - {".cruft.json"}
    rendering._render.cache_clear()
    monkeypatch.setattr(rendering, "_run", None)

    assert baseline.tree(team.path) == generated


def _writable(remove, path, _problem):
    os.chmod(path, stat.S_IWRITE)
    remove(path)


def test_a_second_beginning_of_the_history_changes_nothing(team, tmp_path):
    """As when GitHub made a README, and was merged with --allow-unrelated-histories."""
    other = tmp_path / "other"
    team.git("clone", "--quiet", str(tmp_path / "hub.git"), str(other))
    (other / "LICENSE.txt").write_text("x", encoding="utf-8")
    hub = ("-C", str(other), "-c", "user.name=A", "-c", "user.email=a@example.com")
    team.git(*hub, "add", "--all")
    team.git(*hub, "commit", "--quiet", "-m", "Initial commit")
    team.git(
        "pull", "--quiet", "--no-edit", "--allow-unrelated-histories", "--no-rebase", str(other)
    )

    assert Project(team.path).own_words("docs/API.md") == 0
    assert words_of(team)["1.1"] == "not started"


def test_a_merge_of_nothing_does_not_count(team):
    for _ in range(3):
        team.git("switch", "--quiet", "--force-create", "feature/x")
        team.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "Nothing")
        team.git("switch", "--quiet", "develop")
        team.git("merge", "--quiet", "--no-ff", "feature/x")
    looked = {"merges": {"into": "develop", "least": 3}}
    assert evidence.look(Project(team.path), looked).seen == "0 merges"
    fill_merges(team, {"least": 3}, 0)
    team.git("push", "--quiet", "origin", "develop")

    assert evidence.look(Project(team.path), looked).right
