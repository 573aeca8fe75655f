"""What became of each path that the template changes, as git's index shows it."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mlsd.engine.repository import Entry
from mlsd.engine.trees import Tree

EDITED = "you and the template changed the same lines: choose between the marks"
DROPPED = "you edited it, and the template has it no more: `git rm` it, or `git add` it to keep it"
COLLIDED = "you have a file of this name: yours is here, `git show refs/mlsd/new:{}` is the new one"


class Line(NamedTuple):
    """What became of a path that the template changes."""

    path: str
    outcome: str
    conflict: bool = False


def left_behind(folder: Path, old: Tree, new: Tree) -> list[Line]:
    """Name the files that stay in folders of which the template has nothing any more."""
    gone = _folders(old) - _folders(new)
    files = {file for place in gone for file in (folder / place).rglob("*") if file.is_file()}
    paths = {file.relative_to(folder).as_posix() for file in files} - old.keys()
    own = {path for path in paths if "__pycache__" not in path}
    return [Line(path, "yours, and left as it is") for path in sorted(own)]


def _folders(tree: Tree) -> set[str]:
    return {str(parent) for path in tree for parent in PurePosixPath(path).parents}


class Seen(NamedTuple):
    """What git shows before and after: blobs by their paths, and what was moved by whom."""

    was: dict[str, str]
    before: dict[str, str]
    after: dict[str, str]
    wanted: dict[str, str]
    conflicts: dict[str, list[Entry]]
    origins: dict[str, str]
    """Old paths of what the template moved, by the new ones."""
    team_moves: dict[str, str]
    """New paths of what the team moved, by the old ones."""


def report(seen: Seen, old: Tree, new: Tree) -> list[Line]:
    """Say for each path that the template changes what became of it, from git's index."""
    moved = set(seen.origins.values()) - new.keys()
    changed = [path for path in old.keys() | new.keys() if old.get(path) != new.get(path)]
    lines = [_line(seen, path, path in old) for path in sorted(set(changed) - moved)]
    told = {line.path for line in lines}
    open_ones = [(path, e) for path, e in seen.conflicts.items() if path not in told]
    return lines + [Line(path, _why(entries).format(path), True) for path, entries in open_ones]


def _line(seen: Seen, path: str, was_there: bool) -> Line:
    """Say what became of one path."""
    source = seen.origins.get(path, path)
    own = seen.team_moves.get(source, path)
    for name in (own, path):
        if name in seen.conflicts:
            return Line(name, _why(seen.conflicts[name]).format(path), True)
    if seen.before.get(own) == seen.wanted.get(path):
        return Line(path, "you have it so already")
    if own != path and seen.after.get(own) != seen.before.get(own):
        return Line(path, f"followed to {own}" if own in seen.after else f"deleted, as {own}")
    if (was_there or source != path) and not {source, path} & seen.before.keys():
        return Line(path, f"you deleted it; `git checkout refs/mlsd/new -- {path}` brings it back")
    return _applied(seen, path, source, was_there)


def _applied(seen: Seen, path: str, source: str, was_there: bool) -> Line:
    """Say how a path was changed; it must be as the template wants it, here or where it went."""
    wanted, after = seen.wanted.get(path), seen.after.get(path)
    own = seen.before.get(path, seen.before.get(source))
    was = seen.was.get(source)
    merged = after and own != was and (after != own or (source != path and wanted == was))
    if after == wanted or merged:
        how = f"moved from {source}" if source != path else "changed" if was_there else "added"
        return Line(path, how if wanted else "deleted")
    went = [p for p, blob in seen.after.items() if blob == wanted and p not in seen.before]
    return Line(path, f"followed to {went[0]}") if went else _not_applied(path)


def _not_applied(path: str) -> Line:
    why = "a link of yours, or a setting of git, stands in the way"
    return Line(path, f"NOT APPLIED: {why}; `git show refs/mlsd/new:{path}` is the new one", True)


def _why(entries: list[Entry]) -> str:
    match sorted(entry.stage for entry in entries):
        case [1, 2, 3]:
            return EDITED
        case [2, 3]:
            return COLLIDED
        case _:
            return DROPPED
