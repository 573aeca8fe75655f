"""What git remembers of a team's work: the template's commits, merges, and a history cut short."""

import json
import os
import shutil
import stat

from teamwork import OWN_TESTS, WORDS, commit, fill_merges, words_of, write

from mlsd import evidence, progress
from mlsd.project import Project


def test_what_a_newer_template_brings_is_not_a_team_s_own(team):
    """As `cruft update` does: files change, and the commit in .cruft.json with them."""
    write(team, "docs/API.md", f"\n{WORDS}\n", more=True)
    write(team, "tests/test_new.py", OWN_TESTS.format(n=1))
    record = json.loads((team.path / ".cruft.json").read_text(encoding="utf-8"))
    write(team, ".cruft.json", json.dumps(record | {"commit": "0" * 40}, indent=2))
    commit(team)

    assert Project(team.path).own_words("docs/API.md") == 0
    assert Project(team.path).own_tests() == []
    write(team, "docs/API.md", "\nWe measured the latency ourselves.\n", more=True)
    assert Project(team.path).own_words("docs/API.md") == 5


def test_a_history_without_the_template_s_commit_is_told(team, tmp_path, capsys):
    team.git("push", "--quiet", "origin", "main", "develop")
    for clone in (["--depth", "1", (tmp_path / "hub.git").as_uri()], [str(tmp_path / "hub.git")]):
        shutil.rmtree(tmp_path / "clone", ignore_errors=True)
        team.git("clone", "--quiet", "--branch", "develop", *clone, str(tmp_path / "clone"))
        code = progress.main(tmp_path / "clone", 1, None, "text")
        told = capsys.readouterr().out
        assert (code, "git fetch --unshallow" in told) == (
            (2, True) if "--depth" in clone else (1, False)
        )
    shutil.rmtree(tmp_path / "clone/.git", onerror=_writable)

    assert progress.main(tmp_path / "clone", 1, None, "text") == 2
    assert "git does not hold the template's commit" in capsys.readouterr().out


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
