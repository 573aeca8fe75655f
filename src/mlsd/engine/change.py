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
from mlsd.engine.picking import carry_over
from mlsd.engine.rendering import RECORD, Rendered
from mlsd.engine.report import Line, left_behind
from mlsd.engine.repository import Repository


class Change(NamedTuple):
    """What is to become of a project: from one render to another, and what is said about it.

    `record` is that of the branch where it begins.
    """

    branch: str
    record: dict[str, Any]
    old: Rendered
    new: Rendered
    moves: dict[str, str]
    message: str


def start(folder: Path, change: Change) -> list[Line]:
    """Make a branch from `develop` and carry the change over; undo all of it if anything fails."""
    repository = Repository(folder)
    guards.require_none(repository)
    repository.require_ready()
    former, base = repository.branch(), repository.base()
    if repository.has_branch(change.branch):
        raise CourseError(
            f"the branch {change.branch} is there already: merge it, or delete it by "
            f"`git branch -D {change.branch}`."
        )
    begin = repository.read("rev-parse", f"{base}^{{commit}}")
    state = {
        "former": former, "base": begin,
        "branch": change.branch, "message": change.message, "record": _new_record(change),
    }  # fmt: skip
    guards.write_state(repository, state)
    with _undone_on_failure(repository):
        repository.switch(base)
        guards.require_room(repository, change.old.tree, change.new.tree)
        repository.run("switch", "--quiet", "--create", change.branch)
        lines = carry_over(repository, change.old.tree, change.new.tree, change.moves)
        written = sorted({entry.path for entry in repository.index()})
        conflicts = [line.path for line in lines if line.conflict]
        touched = repository.read("diff", "--name-only", "-z", begin).split("\0")
        guards.write_state(repository, state | {
            "written": written, "conflicts": conflicts, "touched": touched,
        })  # fmt: skip
    return lines + left_behind(folder, change.old.tree, change.new.tree)


def rehearse(folder: Path, change: Change) -> list[Line]:
    """Carry a change over in a copy that is thrown away; the project stays as it is."""
    repository = Repository(folder)
    repository.require_ready()
    base = repository.read("rev-parse", f"{repository.base()}^{{commit}}")
    guards.require_room(repository, change.old.tree, change.new.tree)
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        copy = Path(place) / "copy"
        repository.run("clone", "--quiet", "--no-hardlinks", str(folder), str(copy))
        Repository(copy).run("switch", "--quiet", "--detach", base)
        lines = carry_over(Repository(copy), change.old.tree, change.new.tree, change.moves)
    return lines + left_behind(folder, change.old.tree, change.new.tree)


def finish(folder: Path) -> str:
    """Record what the project is made of now, lock, and make the commit; give its message.

    Raises
    ------
    CourseError
        A conflict is left.
    """
    repository = Repository(folder)
    state, noted = guards.read_state(repository), guards.state_file(repository)
    guards.require_resolved(repository, state)
    with _kept_on_failure(repository):
        text = json.dumps(state["record"], indent=2, ensure_ascii=False) + "\n"
        (folder / RECORD).write_bytes(text.encode())
        repository.run("add", "--force", "--", RECORD)
        lock(repository)
        head = repository.read("rev-parse", "HEAD")
        commit = repository.commit_index(state["message"], head)
        repository.run("reset", "--quiet", "--soft", commit)
    noted.unlink()
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
    """Undo a change that is not finished; give the branch that the team is on then.

    Raises
    ------
    CourseError
        The team committed on its branch, which would be lost.
    """
    repository = Repository(folder)
    state = guards.read_state(repository)
    branch, base = state["branch"], state["base"]
    if repository.branch() == branch:  # on another, nothing of the change is at work
        if repository.read("rev-parse", "HEAD") != base:
            raise CourseError(
                f"you committed on {branch}: finish it with --continue, or leave it by `git switch "
                f"{state['former']}`, and run this again."
            )
        _keep_added(repository, state)
        edits = _other_edits(repository, state)
        repository.run("reset", "--quiet", "--hard", base)
        for path, content in edits.items():
            (folder / path).write_bytes(content)
    if repository.branch() == branch or "written" not in state:
        repository.switch(state["former"])
    if repository.has_branch(branch) and repository.read("rev-parse", branch) == base:
        repository.run("branch", "--quiet", "-D", branch)
    repository.forget_trees()
    guards.state_file(repository).unlink()
    return repository.branch() or "no branch"


def _keep_added(repository: Repository, state: dict[str, Any]) -> None:
    """Leave files that the team added since, but not in git: what git forgets, it deletes."""
    if "written" in state:
        present = {entry.path for entry in repository.index()}
        for path in sorted(present - set(state["written"])):
            repository.run("rm", "--quiet", "--cached", "--", path)


def _other_edits(repository: Repository, state: dict[str, Any]) -> dict[str, bytes]:
    """Give what the team edited since in files that the change did not touch."""
    changed = set(repository.read("diff", "--name-only", "-z", state["base"]).split("\0")) - {""}
    own = changed - set(state.get("touched", changed))
    files = {path: repository.folder / path for path in own}
    return {path: file.read_bytes() for path, file in files.items() if file.is_file()}


def _new_record(change: Change) -> dict[str, Any]:
    """Give the record of the new state; what else a team or cruft keeps in it stays."""
    new = change.new.record
    made = {name: new[name] for name in ("commit", "tree") if name in new}
    context = new["context"]["cookiecutter"] | {"_template": change.record["template"]}
    return change.record | made | {"context": {"cookiecutter": context}}


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
        repository.run("checkout", "--quiet", "HEAD", "--", RECORD, check=False)
        raise
