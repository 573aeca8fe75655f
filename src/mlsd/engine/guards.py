"""What must be so before a change begins and before it is finished, and what is noted of it."""

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mlsd.course_error import CourseError
from mlsd.engine.repository import Repository
from mlsd.engine.trees import Tree

STATE = "mlsd-change.json"
"""The file in git's own folder that holds what is known of a change until it is finished."""

MARKS = re.compile(rb"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)


def state_file(repository: Repository) -> Path:
    """Name the file that notes a change."""
    return repository.state_folder / STATE


def read_state(repository: Repository) -> dict[str, Any]:
    """Give what is known of a change that was begun; refuse where there is none."""
    path = state_file(repository)
    if not path.exists():
        raise CourseError("no change was begun here, so there is none to continue or to abort.")
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise CourseError(
            f"{path} is damaged: delete it, and leave the branch of the change by `git switch`."
        ) from None
    return state


def write_state(repository: Repository, state: dict[str, Any]) -> None:
    """Note what a change needs to be finished or undone, also after a crash."""
    path = state_file(repository)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(state, indent=2), encoding="utf-8")
    half.replace(path)


def require_none(repository: Repository) -> None:
    """Refuse a second change."""
    if state_file(repository).exists():
        raise CourseError(
            "a change was begun and is not finished: resolve its conflicts and run this again with "
            "--continue, or undo it with --abort."
        )


def require_room(repository: Repository, old: Tree, new: Tree) -> None:
    """Refuse a change that would write over a file that git does not keep."""
    require_free(repository, {path for path in new if new[path] != old.get(path)})


def require_free(repository: Repository, paths: set[str]) -> None:
    """Refuse paths where, or in the way of which, a file is that git does not keep."""
    tracked = {entry.path for entry in repository.index()}
    folders = {str(parent) for path in tracked for parent in PurePosixPath(path).parents}
    taken = {obstacle(repository.folder, path) for path in paths} - tracked - folders - {""}
    if taken:
        raise CourseError(
            "git does not keep these files of yours, and the change would write over them; move "
            "them away first:\n" + "\n".join(sorted(taken))
        )


def obstacle(folder: Path, path: str) -> str:
    """Name what is at a path, or a file or link where one of its folders should be."""
    for parent in reversed(PurePosixPath(path).parents[:-1]):
        place = folder / parent
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            return str(parent)
    return path if os.path.lexists(folder / path) else ""


def require_resolved(repository: Repository, state: dict[str, Any]) -> None:
    """Refuse while a conflict is open, or while its marks stand in a file."""
    if repository.branch() != state["branch"]:
        raise CourseError(f"the change is on its own branch: `git switch {state['branch']}` first.")
    open_paths = sorted({entry.path for entry in repository.index() if entry.stage})
    marked = [path for path in state.get("conflicts", []) if _has_marks(repository.folder / path)]
    if problems := sorted({*open_paths, *marked}):
        raise CourseError(
            "these are not resolved; choose, then `git add` (or `git rm`) each:\n"
            + "\n".join(problems)
        )
    repository.run("add", "--update")


def _has_marks(file: Path) -> bool:
    return file.is_file() and bool(MARKS.search(file.read_bytes()))
