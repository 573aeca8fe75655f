"""What other tools did to their users' projects, tried on small trees with git itself.

The numbers are those of the reports that CONTRIBUTING.md lists. Whatever a team did, each of their
edits is there or named in a conflict, and each change of the template arrived or is named.
"""

import json
import os
import subprocess
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from mlsd.course_error import CourseError
from mlsd.engine import change, guards
from mlsd.engine.rendering import Rendered
from mlsd.engine.repository import Repository
from mlsd.engine.trees import File

LINES = [f"line {n} of a file that is long enough to be known again\n" for n in range(20)]
TEXT = "".join(LINES)


def file(text, executable=False):
    return File(text.encode() if isinstance(text, str) else text, executable)


def rendered(tree, commit):
    return Rendered(tree, {"commit": commit, "tree": "", "context": {"cookiecutter": {"a": "b"}}})


class Team:
    """A team's repository, made from a tree of the template."""

    def __init__(self, folder, old):
        self.folder, self.old = folder, old
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch", "develop")
        self.git("config", "user.name", "Ada Example")
        self.git("config", "user.email", "ada@example.com")
        record = {"template": "/template", "commit": "old", "context": {"cookiecutter": {}}}
        self.write(".cruft.json", json.dumps(record))
        for path, content in old.items():
            self.write(path, content.content)
        self.commit()

    def git(self, *arguments):
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    def write(self, path, content):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self, path):
        return (self.folder / path).read_text(encoding="utf-8")

    def commit(self):
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "work")

    def planned(self, new, moves=(), old=None):
        trees = rendered(old or self.old, "old"), rendered(new, "new")
        record = json.loads((self.folder / ".cruft.json").read_text(encoding="utf-8"))
        return change.Change("feature/change", record, *trees, dict(moves), "Change\n\nwhat came\n")

    def take(self, new, moves=(), old=None):
        """Carry a change over; give its lines by their paths."""
        lines = change.start(self.folder, self.planned(new, moves, old))
        assert len(lines) == len({line.path for line in lines})
        return {line.path: line for line in lines}

    def finish(self):
        change.finish(self.folder)

    def state(self):
        """Give everything that must be as before when nothing was done."""
        kept = [p for p in self.folder.rglob("*") if p.is_file() and ".git" not in p.parts]
        return (
            {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in kept},
            self.git("status", "--porcelain", "--ignored"),
            self.git("for-each-ref", "refs/heads"),
            self.git("symbolic-ref", "HEAD"),
        )


@pytest.fixture
def team(tmp_path):
    return lambda old: Team(tmp_path / "team", old)


def edited(*numbers, by="theirs"):
    """Give the text with some of its lines changed."""
    return "".join(f"{by} {n}\n" if n in numbers else line for n, line in enumerate(LINES))


def test_1_three_clashing_places_in_one_file_keep_the_team_s_lines(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, 9, 18, by="ours"))
    ours.commit()

    lines = ours.take({"a.txt": file(edited(1, 9, 18, by="new"))})

    text = ours.read("a.txt")
    assert lines["a.txt"].conflict
    assert text.count("<<<<<<< yours") == text.count(">>>>>>> new template") == 3
    assert all(f"ours {n}\n" in text and f"new {n}\n" in text for n in (1, 9, 18))


def test_2_an_edit_of_a_shared_file_survives_beside_what_comes(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()

    lines = ours.take({"a.txt": file(edited(15, by="new")), "b.txt": file("b")})
    ours.finish()

    assert not any(line.conflict for line in lines.values())
    assert "ours 1\n" in ours.read("a.txt")
    assert "new 15\n" in ours.read("a.txt")


def test_3_a_file_of_the_team_alone_is_untouched(team):
    ours = team({"docs/a.md": file(TEXT)})
    ours.write("docs/own.md", "ours")
    ours.commit()

    ours.take({"docs/b.md": file("b")})

    assert ours.read("docs/own.md") == "ours"
    assert not (ours.folder / "docs/a.md").exists()


@pytest.mark.parametrize("ignored", [True, False])
def test_4_what_git_does_not_keep_is_never_written_over(team, ignored):
    ours = team({"a.txt": file(TEXT), ".gitignore": file("notes/\n" if ignored else "")})
    ours.write("notes/b.txt", "ours")
    before = ours.state()

    with pytest.raises(CourseError, match="notes/b.txt"):
        ours.take(ours.old | {"notes/b.txt": file("new")})

    assert ours.state() == before


def test_4_what_git_ignores_survives_a_conflict_and_its_undoing(team):
    ours = team({"a.txt": file(TEXT), ".gitignore": file("local/\n")})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()
    ours.write("local/store", "data")
    before = ours.state()

    assert ours.take(ours.old | {"a.txt": file(edited(1, by="new"))})["a.txt"].conflict
    change.abort(ours.folder)

    assert ours.state() == before


def test_6_a_project_inside_another_repository_is_refused(team):
    ours = team({"project/a.txt": file(TEXT)})

    with pytest.raises(CourseError, match="not the top of a git repository"):
        change.start(ours.folder / "project", ours.planned({}))


@pytest.mark.parametrize("state", ["edited", "staged"])
def test_a_dirty_tree_is_refused(team, state):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", "ours")
    if state == "staged":
        ours.git("add", "a.txt")

    with pytest.raises(CourseError, match="commit or stash these changes first:\n.*a.txt"):
        ours.take({})


class Fault(BaseException):
    """Nothing that code expects, as when somebody presses Ctrl-C."""


@contextmanager
def fault_at(number):
    """Let the n-th call of git fail, once."""
    run, calls = Repository.run, count()

    def failing(self, *arguments, **options):
        if next(calls) == number:
            raise Fault
        return run(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repository, "run", failing)
        yield


def test_7_8_a_fault_at_any_call_of_git_undoes_everything_and_a_second_try_works(team):
    ours = team({"a.txt": file(TEXT), "b.txt": file("b" * 99), "gone.txt": file("g" * 99)})
    new = {"a.txt": file(edited(3)), "c.txt": file("b" * 99), "d.txt": file("d")}
    before = ours.state()
    for number in count():
        try:
            with fault_at(number):
                ours.take(new, {"b.txt": "c.txt"})
            break
        except Fault:
            assert ours.state() == before, number

    assert number > 20
    ours.finish()
    assert json.loads(ours.read(".cruft.json"))["commit"] == "new"


def test_7_a_fault_while_it_is_finished_leaves_it_to_continue(team):
    ours = team({"a.txt": file(TEXT)})
    ours.take({"a.txt": file(edited(1))})
    for number in count():
        try:
            with fault_at(number):
                ours.finish()
            break
        except Fault:
            assert ours.git("log", "--format=%s", "develop..HEAD") in ("", "Change\n")

    assert ours.git("log", "--format=%s", "develop..HEAD") == "Change\n"
    assert ours.git("status", "--porcelain") == ""
    assert json.loads(ours.read(".cruft.json"))["commit"] == "new"


def test_8_a_process_that_was_killed_is_undone_by_abort(team, monkeypatch):
    ours = team({"a.txt": file(TEXT)})
    before = ours.state()
    with monkeypatch.context() as patch, suppress(Fault):
        patch.setattr(change, "abort", lambda folder: None)  # there was no time for it
        with fault_at(25):
            ours.take({"b.txt": file("b")})
    assert ours.state() != before

    assert change.abort(ours.folder) == "develop"

    assert ours.state() == before


def test_9_a_resolved_conflict_does_not_come_back_and_deletes_nothing(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.write("own.txt", "ours")
    ours.commit()
    second = {"a.txt": file(edited(1, by="new"))}
    ours.take(second)
    ours.write("a.txt", edited(1, by="both"))
    ours.git("add", "a.txt")
    ours.finish()
    ours.git("switch", "--quiet", "develop")
    ours.git("merge", "--quiet", "--squash", "feature/change")
    ours.commit()
    ours.git("branch", "-D", "feature/change")

    lines = ours.take({"a.txt": file(edited(1, 15, by="new"))}, old=second)

    assert not lines["a.txt"].conflict
    assert "both 1\n" in ours.read("a.txt")
    assert ours.read("own.txt") == "ours"


def test_13_30_the_conflicts_that_are_told_are_those_of_git(team):
    old = {f"{n}.txt": file(f"{n}\n{TEXT}") for n in range(30)}
    ours = team(old)
    for path in old:
        ours.write(path, f"ours\n{TEXT}")
    ours.commit()

    lines = ours.take({path: file(f"new\n{TEXT}") for path in old})

    unmerged = set(ours.git("diff", "--name-only", "--diff-filter=U").split())
    assert unmerged == {path for path, line in lines.items() if line.conflict} == set(old)
    with pytest.raises(CourseError, match="these are not resolved"):
        ours.finish()


def test_marks_that_were_added_with_their_file_are_still_refused(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()
    ours.take({"a.txt": file(edited(1, by="new"))})
    ours.git("add", "a.txt")

    with pytest.raises(CourseError, match="not resolved.*\na.txt"):
        ours.finish()


def test_14_marks_name_their_sides_and_the_advice_favours_none(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()

    ours.take({"a.txt": file(edited(1, by="new"))})

    told = ["<<<<<<< yours", "ours 1", "||||||| old template", LINES[1].strip(), "=======", "new 1"]
    assert "\n".join([*told, ">>>>>>> new template"]) in ours.read("a.txt")


def test_19_a_file_of_the_same_name_is_kept_and_named(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("b.txt", "ours")
    ours.commit()

    line = ours.take(ours.old | {"b.txt": file("new")})["b.txt"]

    assert line.conflict
    assert ours.read("b.txt") == "ours"
    assert ours.git("show", "refs/mlsd/new:b.txt") == "new"


@pytest.mark.parametrize("alike", [False, True])
def test_20_24_what_the_template_moves_takes_the_team_s_edit_along(team, alike):
    old = {"a.py": file(TEXT), "b.py": file(TEXT if alike else TEXT[::-1])}
    ours = team(old)
    ours.write("a.py", edited(1, 2, by="ours"))
    ours.commit()
    moves = {"a.py": "room/a.py", "b.py": "room/b.py"}

    lines = ours.take({moves[path]: content for path, content in old.items()}, moves)

    assert not any(line.conflict for line in lines.values())
    assert "ours 1\n" in ours.read("room/a.py")
    assert "ours 1\n" not in ours.read("room/b.py")
    assert not list(ours.folder.glob("*.py"))


def test_a_move_with_an_edit_follows_both(team):
    ours = team({"a.py": file(TEXT)})
    ours.write("a.py", edited(1, by="ours"))
    ours.commit()

    ours.take({"room/a.py": file(edited(15, by="new"))}, {"a.py": "room/a.py"})

    assert "ours 1\n" in ours.read("room/a.py")
    assert "new 15\n" in ours.read("room/a.py")


def test_a_swapped_variant_is_no_move(team):
    ours = team({"gcs.py": file(TEXT)})
    ours.write("gcs.py", edited(1, by="ours"))
    ours.commit()

    lines = ours.take({"firestore.py": file(edited(15, by="new"))})

    assert lines["gcs.py"].conflict
    assert ours.read("gcs.py") == edited(1, by="ours")
    assert ours.read("firestore.py") == edited(15, by="new")


@pytest.mark.parametrize(("was", "now"), [("a.txt", "ours.txt"), ("docs/a.md", "pages/a.md")])
def test_what_the_team_moved_is_followed(team, was, now):
    ours = team({was: file(TEXT)})
    ours.write(now, edited(1, by="ours"))
    (ours.folder / was).unlink()
    ours.commit()

    line = ours.take({was: file(edited(15, by="new"))})[was]

    assert line.outcome == f"followed to {now}"
    assert "ours 1\n" in ours.read(now)
    assert "new 15\n" in ours.read(now)
    assert not (ours.folder / was).exists()


def test_what_is_new_in_a_folder_that_the_team_moved_is_followed(team):
    ours = team({f"docs/{n}.md": file(f"{n}\n{TEXT}") for n in range(3)})
    ours.git("mv", "docs", "pages")
    ours.commit()

    line = ours.take(ours.old | {"docs/new.md": file("new")})["docs/new.md"]

    assert line.outcome == "followed to pages/new.md"
    assert ours.read("pages/new.md") == "new"


def test_what_team_and_template_both_moved_keeps_the_team_s_name(team):
    ours = team({"a.py": file(TEXT)})
    ours.git("mv", "a.py", "mine.py")
    ours.commit()

    lines = ours.take({"room/a.py": file(edited(15, by="new"))}, {"a.py": "room/a.py"})

    assert lines["room/a.py"].outcome == "followed to mine.py"
    assert "new 15\n" in ours.read("mine.py")
    assert not (ours.folder / "room").exists()


@pytest.mark.parametrize("moves", [{}, {"a.txt": "b.txt"}])
def test_21_what_the_team_deleted_stays_deleted_and_can_be_had_back(team, moves):
    ours = team({"a.txt": file(TEXT), "c.txt": file("c")})
    ours.git("rm", "--quiet", "a.txt")
    ours.commit()
    path = moves.get("a.txt", "a.txt")

    line = ours.take({path: file(edited(1)), "c.txt": file("c")}, moves)[path]

    assert not line.conflict
    assert not (ours.folder / path).exists()
    ours.git(*line.outcome.split("`")[1].split()[1:])
    assert ours.read(path) == edited(1)


def test_22_a_namesake_of_what_is_deleted_stays(team):
    ours = team({"test.txt": file(TEXT), "foo/test.txt": file(TEXT)})

    ours.take({"foo/test.txt": file(TEXT)})

    assert ours.read("foo/test.txt") == TEXT
    assert not (ours.folder / "test.txt").exists()


def test_what_the_team_has_in_a_folder_that_goes_is_left_and_named(team):
    ours = team({"part/a.py": file(TEXT), ".gitignore": file("*.log\n")})
    ours.write("part/own.py", "ours")
    ours.commit()
    ours.write("part/own.log", "ours")

    lines = ours.take({".gitignore": file("*.log\n")})

    assert (
        lines["part/own.py"].outcome
        == lines["part/own.log"].outcome
        == ("yours, and left as it is")
    )
    assert ours.read("part/own.py") == ours.read("part/own.log") == "ours"


def test_23_an_edited_file_that_the_template_drops_is_a_conflict(team):
    ours = team({"a.txt": file(TEXT), "b.txt": file("b")})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()

    line = ours.take({"b.txt": file("b")})["a.txt"]

    assert line.conflict
    assert ours.read("a.txt") == edited(1, by="ours")
    assert "a.txt" in ours.git("diff", "--name-only", "--diff-filter=U")


def test_what_the_team_did_already_is_said_and_stays(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1))
    ours.commit()

    line = ours.take({"a.txt": file(edited(1))})["a.txt"]
    ours.finish()

    assert line.outcome == "you have it so already"
    assert ours.read("a.txt") == edited(1)


def test_a_binary_conflict_has_no_marks_and_is_told(team):
    ours = team({"a.png": file(b"\0old" * 9)})
    ours.write("a.png", b"\0ours" * 9)
    ours.commit()

    line = ours.take({"a.png": file(b"\0new" * 9)})["a.png"]

    assert line.conflict
    assert (ours.folder / "a.png").read_bytes() == b"\0ours" * 9


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bit")
def test_29_the_run_bit_is_carried_over(team):
    ours = team({"run.sh": file("#!/bin/sh\n")})

    ours.take({"run.sh": file("#!/bin/sh\n", executable=True)})
    ours.finish()

    assert os.access(ours.folder / "run.sh", os.X_OK)


def test_28_hostile_settings_of_git_do_no_harm(team, monkeypatch, tmp_path):
    hostile = {
        "commit.gpgsign": "true", "gpg.program": "false", "core.autocrlf": "true",
        "core.hooksPath": str(tmp_path / "hooks"), "diff.external": "false",
        "merge.renames": "false", "merge.conflictStyle": "merge", "diff.noprefix": "true",
        "core.attributesFile": str(tmp_path / "attributes"), "rerere.enabled": "true",
        "core.editor": "false", "status.showUntrackedFiles": "no", "color.ui": "always",
    }  # fmt: skip
    (tmp_path / "attributes").write_text("* merge=ours\n", encoding="utf-8")
    (tmp_path / "hooks").mkdir()
    hook = tmp_path / "hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    ours = team({".gitattributes": file("* text=auto eol=lf\n"), "a.txt": file(TEXT)})
    ours.git("mv", "a.txt", "mine.txt")
    ours.commit()
    settings = "".join(
        f"[{k.split('.')[0]}]\n{k.split('.')[1]} = {v}\n" for k, v in hostile.items()
    )
    (tmp_path / "gitconfig").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    lines = ours.take(ours.old | {"a.txt": file(edited(15, by="new"))})
    ours.finish()

    assert lines["a.txt"].outcome == "followed to mine.txt"
    assert "new 15\n" in ours.read("mine.txt")


def test_one_commit_holds_the_change_the_record_and_the_text(team):
    ours = team({"a.txt": file(TEXT)})

    ours.take({"a.txt": file(edited(1)), "b c/é.txt": file("b")})
    ours.finish()

    assert ours.git("log", "--format=%s", "develop..HEAD") == "Change\n"
    assert "what came" in ours.git("log", "-1", "--format=%b")
    assert ours.git("status", "--porcelain") == ""
    assert json.loads(ours.read(".cruft.json"))["commit"] == "new"
    assert ours.read("b c/é.txt") == "b"


def test_a_rehearsal_changes_nothing_and_tells_the_same(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()
    planned = ours.planned({"a.txt": file(edited(1, by="new")), "b.txt": file("b")})
    before = ours.state()

    lines = change.rehearse(ours.folder, planned)

    assert ours.state() == before
    assert lines == change.start(ours.folder, planned)


def test_a_second_change_waits_for_the_first(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()
    ours.take({"a.txt": file(edited(1, by="new"))})

    with pytest.raises(CourseError, match="a change was begun and is not finished"):
        ours.take({})


def test_a_branch_that_is_there_already_is_named(team):
    ours = team({"a.txt": file(TEXT)})
    ours.git("branch", "feature/change")

    with pytest.raises(CourseError, match="git branch -D feature/change"):
        ours.take({})


def test_without_develop_the_branch_starts_from_where_one_is(team):
    ours = team({"a.txt": file(TEXT)})
    ours.git("branch", "--move", "develop", "main")

    ours.take({"a.txt": file(edited(1))})
    change.abort(ours.folder)

    assert ours.git("symbolic-ref", "--short", "HEAD") == "main\n"


def test_a_change_is_finished_and_undone_on_its_own_branch_only(team):
    ours = team({"a.txt": file(TEXT)})
    ours.take({"a.txt": file(edited(1))})
    ours.git("commit", "--quiet", "--no-verify", "--message", "by hand")
    ours.git("switch", "--quiet", "--create", "other")
    ours.write("b.txt", "ours")
    ours.commit()
    other = ours.git("rev-parse", "other")

    with pytest.raises(CourseError, match="git switch feature/change"):
        ours.finish()
    assert change.abort(ours.folder) == "other"

    assert ours.git("rev-parse", "other") == other
    assert ours.git("symbolic-ref", "--short", "HEAD") == "other\n"
    assert ours.git("log", "-1", "--format=%s", "feature/change") == "by hand\n"


def test_what_was_committed_by_hand_stays_beside_the_record(team):
    ours = team({"a.txt": file(TEXT)})
    ours.take({"a.txt": file(edited(1))})
    ours.git("commit", "--quiet", "--no-verify", "--message", "by hand")
    with pytest.raises(CourseError, match="you committed on feature/change: finish it"):
        change.abort(ours.folder)

    ours.finish()

    assert ours.git("log", "--format=%s", "develop..HEAD") == "Change\nby hand\n"
    assert ours.read("a.txt") == edited(1)


def test_what_was_edited_since_in_other_files_is_left_when_a_change_is_undone(team):
    ours = team({"a.txt": file(TEXT), "b.txt": file("b")})
    ours.take(ours.old | {"a.txt": file(edited(1))})
    ours.write("b.txt", "ours")

    change.abort(ours.folder)

    assert ours.read("b.txt") == "ours"
    assert ours.read("a.txt") == TEXT


def test_what_was_added_since_is_left_when_a_change_is_undone(team):
    ours = team({"a.txt": file(TEXT)})
    ours.take({"a.txt": file(edited(1))})
    ours.write("b.txt", "ours")
    ours.git("add", "b.txt")

    change.abort(ours.folder)

    assert ours.read("b.txt") == "ours"
    assert ours.read("a.txt") == TEXT


@pytest.mark.parametrize("ignored", [True, False])
def test_4_what_git_does_not_keep_is_safe_where_the_team_moved_a_folder(team, ignored):
    ours = team({f"docs/{n}.md": file(f"{n}\n{TEXT}") for n in range(3)})
    ours.git("mv", "docs", "pages")
    ours.write(".gitignore", "pages/new.md\n" if ignored else "")
    ours.commit()
    ours.write("pages/new.md", "ours")
    before = ours.state()

    with pytest.raises(CourseError, match="pages/new.md"):
        ours.take(ours.old | {"docs/new.md": file("new")})

    assert ours.state() == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("link", ["data", "data/b.txt"])
def test_4_a_link_that_git_does_not_keep_is_never_replaced(team, tmp_path, link):
    ours = team({"a.txt": file(TEXT), ".gitignore": file("data\n")})
    (ours.folder / link).parent.mkdir(exist_ok=True)
    (ours.folder / link).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CourseError, match=link):
        ours.take(ours.old | {"data/b.txt": file("new")})

    assert (ours.folder / link).is_symlink()


def test_4_what_develop_keeps_and_another_branch_ignores_is_not_written_over(team):
    ours = team({"a.txt": file(TEXT)})
    ours.git("switch", "--quiet", "--create", "other")
    ours.write(".gitignore", "own.txt\n")
    ours.commit()
    ours.git("switch", "--quiet", "develop")
    ours.write("own.txt", "kept")
    ours.commit()
    ours.git("switch", "--quiet", "other")
    ours.write("own.txt", "ours")
    before = ours.state()

    with pytest.raises(CourseError, match="own.txt"):
        ours.take({"a.txt": file(edited(1))})

    assert ours.state() == before


def test_edits_that_git_was_told_not_to_see_are_refused(team):
    ours = team({"a.txt": file(TEXT)})
    ours.git("update-index", "--assume-unchanged", "a.txt")
    ours.write("a.txt", "ours")

    with pytest.raises(CourseError, match="--no-assume-unchanged` each first:\na.txt"):
        ours.take({"a.txt": file(edited(1))})

    assert ours.read("a.txt") == "ours"


def test_a_move_to_where_the_team_has_a_file_loses_neither(team):
    ours = team({"a.txt": file(TEXT)})
    ours.write("a.txt", edited(3, by="ours"))
    ours.write("b.txt", "own")
    ours.commit()

    lines = ours.take({"b.txt": file(edited(15, by="new"))}, {"a.txt": "b.txt"})

    assert lines["a.txt"].conflict
    assert lines["b.txt"].conflict
    assert "ours 3\n" in ours.read("a.txt")
    assert ours.read("b.txt") == "own"


def test_names_with_signs_of_patterns_mean_themselves_only(team):
    ours = team({"a.txt": file(TEXT), ".gitignore": file("*.log\n")})
    ours.git("mv", "a.txt", "[ab]*")
    ours.write("[ab]*", edited(1, by="ours"))
    ours.commit()
    ours.write("a.log", "secret")
    ours.write("b.txt", "untracked")

    ours.take({".gitignore": file("*.log\n")})

    assert "a.log" not in ours.git("ls-files")
    assert "b.txt" not in ours.git("ls-files")


@pytest.mark.parametrize("driver", ["ours", "union"])
def test_what_a_setting_kept_from_being_applied_is_told(team, driver):
    ours = team({"a.txt": file(TEXT), ".gitattributes": file(f"a.txt merge={driver}\n")})
    ours.git("config", "merge.ours.driver", "true")
    ours.write("a.txt", edited(1, by="ours"))
    ours.commit()

    line = ours.take(ours.old | {"a.txt": file(edited(15, by="new"))})["a.txt"]

    applied = "new 15\n" in ours.read("a.txt")
    assert line.conflict != applied


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_file_that_the_team_made_a_link_is_told(team):
    ours = team({"a.txt": file(TEXT)})
    (ours.folder / "a.txt").unlink()
    (ours.folder / "a.txt").symlink_to("elsewhere")
    ours.commit()

    line = ours.take({"a.txt": file(edited(1))})["a.txt"]

    assert line.conflict


def test_an_empty_file_that_was_deleted_is_not_taken_for_another(team):
    ours = team({"x/__init__.py": file(""), "a.txt": file(TEXT)})
    ours.git("rm", "--quiet", "x/__init__.py")
    ours.write("y/__init__.py", "")
    ours.commit()

    line = ours.take({"x/__init__.py": file("new = 1\n"), "a.txt": file(TEXT)})["x/__init__.py"]

    assert line.outcome.startswith("you deleted it")
    assert ours.read("y/__init__.py") == ""


def test_a_file_may_become_a_folder(team):
    ours = team({"a": file(TEXT)})

    ours.take({"a/x": file(TEXT)}, {"a": "a/x"})

    assert ours.read("a/x") == TEXT


def test_a_team_that_split_a_folder_can_go_on(team):
    ours = team({f"docs/{n}.md": file(f"{n}\n{TEXT}") for n in range(4)})
    for n in range(4):
        ours.write(f"{'one' if n % 2 else 'two'}/{n}.md", f"{n}\n{TEXT}")
        (ours.folder / f"docs/{n}.md").unlink()
    ours.commit()

    ours.take(ours.old | {"docs/new.md": file("new")})

    assert ours.read("docs/new.md") == "new"


def test_a_damaged_note_of_a_change_is_told_with_the_way_out(team):
    ours = team({"a.txt": file(TEXT)})
    repository = Repository(ours.folder)
    guards.write_state(repository, {})
    (repository.state_folder / guards.STATE).write_text("", encoding="utf-8")

    with pytest.raises(CourseError, match="is damaged: delete it"):
        change.abort(ours.folder)


def test_nothing_begun_is_nothing_to_continue(team):
    ours = team({"a.txt": file(TEXT)})

    for action in (change.finish, change.abort):
        with pytest.raises(CourseError, match="no change was begun here"):
            action(Path(ours.folder))
