"""One whole change of a project: on a branch of its own, done or undone."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine import guards
from mlsd.engine.picking import Line, carry_over
from mlsd.engine.rendering import RECORD, Rendered
from mlsd.engine.repository import Repository


class Change(NamedTuple):
    """What is to become of a project: from one render to another, and what is said about it."""

    branch: str
    old: Rendered
    new: Rendered
    moves: dict[str, str]
    message: str


def start(folder: Path, change: Change) -> list[Line]:
    """Make a branch from `develop` and carry the change over; undo all of it if anything fails."""
    repository = Repository(folder)
    guards.require_none(repository)
    repository.require_ready()
    former = repository.branch()
    base = "develop" if repository.has_branch("develop") else former
    if repository.has_branch(change.branch):
        raise CourseError(
            f"the branch {change.branch} is there already: merge it, or delete it by "
            f"`git branch -D {change.branch}`."
        )
    repository.run("switch", "--quiet", base)
    try:
        guards.require_room(repository, change.old.tree, change.new.tree)
    except CourseError:
        repository.run("switch", "--quiet", former)
        raise
    record = _new_record(folder, change)
    guards.write_state(repository, {
        "former": former, "base": repository.read("rev-parse", "HEAD"), "branch": change.branch,
        "message": change.message, "record": record,
    })  # fmt: skip
    with _undone_on_failure(repository):
        repository.run("switch", "--quiet", "--create", change.branch)
        return carry_over(repository, change.old.tree, change.new.tree, change.moves)


def rehearse(folder: Path, change: Change) -> list[Line]:
    """Carry a change over in a copy that is thrown away; the project stays as it is."""
    repository = Repository(folder)
    repository.require_ready()
    guards.require_room(repository, change.old.tree, change.new.tree)
    base = "develop" if repository.has_branch("develop") else "HEAD"
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        copy = Path(place) / "copy"
        clone = ("clone", "--quiet", "--no-hardlinks", str(folder), str(copy), "--branch")
        repository.run(*clone, repository.branch() if base == "HEAD" else base)
        return carry_over(Repository(copy), change.old.tree, change.new.tree, change.moves)


def finish(folder: Path) -> str:
    """Record what the project is made of now, lock, and make the one commit; give its message.

    Raises
    ------
    CourseError
        A conflict is left.
    """
    repository = Repository(folder)
    state = guards.read_state(repository)
    guards.require_resolved(repository, state)
    with _kept_on_failure(repository):
        text = json.dumps(state["record"], indent=2, ensure_ascii=False) + "\n"
        (folder / RECORD).write_bytes(text.encode())
        repository.run("add", "--", RECORD)
        lock(repository)
        commit = repository.commit_index(state["message"], state["base"])
        repository.run("reset", "--quiet", "--soft", commit)
    guards.forget_state(repository)
    return str(state["message"])


def lock(repository: Repository) -> None:
    """Bring `uv.lock` up to date, if the team committed one."""
    if "uv.lock" not in {entry.path for entry in repository.index()}:
        return
    done = subprocess.run(
        [uv(), "lock", "--quiet"],
        cwd=repository.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise CourseError(f"uv lock: {last}\nMend that, then run this again with --continue.")
    repository.run("add", "--", "uv.lock")


def uv() -> str:
    """Give the program uv. Raises `CourseError` if it is not installed."""
    program = shutil.which("uv")
    if program is None:
        raise CourseError("uv is not installed: `pip install uv`, then run this with --continue.")
    return program


def abort(folder: Path) -> str:
    """Undo a change that is not finished; give the branch that the team is on then."""
    repository = Repository(folder)
    state = guards.read_state(repository)
    if repository.branch() == state["branch"]:  # on another, nothing of the change is at work
        repository.run("reset", "--quiet", "--hard", state["base"])
        repository.run("switch", "--quiet", state["former"])
    if repository.has_branch(state["branch"]):
        repository.run("branch", "--quiet", "-D", state["branch"])
    repository.forget_trees()
    guards.forget_state(repository)
    return repository.branch() or "no branch"


def _new_record(folder: Path, change: Change) -> dict[str, Any]:
    """Give the record of the change's new state; what else a team or cruft keeps in it stays."""
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8-sig"))
    made = {
        name: change.new.record[name] for name in ("commit", "tree") if name in change.new.record
    }
    context = change.new.record["context"]["cookiecutter"] | {"_template": record["template"]}
    return record | made | {"context": {"cookiecutter": context}}


@contextmanager
def _undone_on_failure(repository: Repository) -> Iterator[None]:
    try:
        yield
    except BaseException:
        abort(repository.folder)
        raise


@contextmanager
def _kept_on_failure(repository: Repository) -> Iterator[None]:
    """Leave a change that cannot be finished as it was: begun, with its old record."""
    try:
        yield
    except BaseException:
        repository.run("checkout", "--quiet", "HEAD", "--", RECORD)
        raise
