"""What must be so before a change begins and before it is finished, and what is noted of it."""

import json
import re
from pathlib import Path
from typing import Any

from mlsd.course_error import CourseError
from mlsd.engine.repository import Repository
from mlsd.engine.trees import Tree

STATE = "mlsd-change.json"
"""The file in git's own folder that holds what is known of a change until it is finished."""

MARKS = re.compile(rb"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)


def read_state(repository: Repository) -> dict[str, Any]:
    """Give what is known of a change that was begun; refuse where there is none."""
    path = repository.state_folder / STATE
    if not path.exists():
        raise CourseError("no change was begun here, so there is none to continue or to abort.")
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return state


def write_state(repository: Repository, state: dict[str, Any]) -> None:
    """Note what a change needs to be finished or undone, also after a crash."""
    path = repository.state_folder / STATE
    path.write_text(json.dumps(state, indent=2), encoding="utf-8")


def forget_state(repository: Repository) -> None:
    """Note that there is no change any more."""
    (repository.state_folder / STATE).unlink()


def require_none(repository: Repository) -> None:
    """Refuse a second change."""
    if (repository.state_folder / STATE).exists():
        raise CourseError(
            "a change was begun and is not finished: resolve its conflicts and run this again with "
            "--continue, or undo it with --abort."
        )


def require_room(repository: Repository, old: Tree, new: Tree) -> None:
    """Refuse a change that would write over a file that git does not keep."""
    tracked = {entry.path for entry in repository.index()}
    taken = [path for path in _written(old, new) - tracked if _is_taken(repository.folder, path)]
    if taken:
        raise CourseError(
            "git does not keep these files of yours, and the template brings files of the same "
            "names; move them away first:\n" + "\n".join(sorted(taken))
        )


def _written(old: Tree, new: Tree) -> set[str]:
    return {path for path in new if new[path] != old.get(path)}


def _is_taken(folder: Path, path: str) -> bool:
    """Say whether a path, or a file where a folder of it should be, exists."""
    place = folder / path
    if place.exists():
        return True
    return any((folder / parent).is_file() for parent in Path(path).parents)


def require_resolved(repository: Repository, state: dict[str, Any]) -> None:
    """Refuse while a conflict is open, or while its marks stand in a file."""
    if repository.branch() != state["branch"]:
        raise CourseError(f"the change is on its own branch: `git switch {state['branch']}` first.")
    open_paths = sorted({entry.path for entry in repository.index() if entry.stage})
    changed = repository.read("diff", "--name-only", "-z", state["base"]).split("\0")
    marked = [path for path in changed if path and _has_marks(repository.folder / path)]
    if problems := sorted({*open_paths, *marked}):
        raise CourseError(
            "these are not resolved; choose, then `git add` (or `git rm`) each:\n"
            + "\n".join(problems)
        )
    repository.run("add", "--update")


def _has_marks(file: Path) -> bool:
    return file.is_file() and bool(MARKS.search(file.read_bytes()))
