"""Carry the steps of a change into a repository's index and files, and say what became of each."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine import guards
from mlsd.engine.repository import Entry, Repository
from mlsd.engine.trees import Step, Tree, declared_moves, steps

EDITED = "you and the template changed the same lines: choose between the marks"
DROPPED = "you edited it, and the template has it no more: `git rm` it, or `git add` it to keep it"
COLLIDED = "you have a file of this name: yours is here, `git show refs/mlsd/new:{}` is the new one"

_LABELS = [
    (rb"^<{7} .*$", b"<<<<<<< yours"),
    (rb"^\|{7} .*$", b"||||||| old template"),
    (rb"^>{7} .*$", b">>>>>>> new template"),
]


class Line(NamedTuple):
    """What became of a path that the template changes."""

    path: str
    outcome: str
    conflict: bool = False


def carry_over(repository: Repository, old: Tree, new: Tree, moves: dict[str, str]) -> list[Line]:
    """Do all steps in the index and the files; HEAD stays. Give a line for each path."""
    base = repository.read("rev-parse", "HEAD")
    before = repository.files(base)
    moves = {a: b for a, b in declared_moves(old, new, moves).items() if b not in before}
    way = steps(old, new, moves)
    names = [("old template", old), *((f"new template, {step.name}", step.tree) for step in way)]
    former, *commits = repository.write_trees(names)
    repository.forget_trees()  # git keeps commits without a name for weeks
    repository.run("update-ref", "refs/mlsd/new", commits[-1] if commits else former)
    team_moves = repository.renames(former, base)
    guards.require_free(repository, _followed(new.keys() - old.keys(), team_moves))
    conflicts: dict[str, list[Entry]] = {}
    for step, commit in zip(way, commits, strict=True):
        conflicts |= _pick(repository, step, commit)
    _leave_unmerged(repository, conflicts)
    seen = _Seen(
        was=repository.files(former),
        before=before,
        after={entry.path: entry.blob for entry in repository.index()},
        wanted=repository.files("refs/mlsd/new"),
        conflicts=conflicts,
        origins={b: a for a, b in moves.items()},
        team_moves=team_moves,
    )
    return _report(seen, old, new)


def _followed(added: Iterable[str], team_moves: dict[str, str]) -> set[str]:
    """Give where files may go that are added in folders which the team moved."""
    folders = {(str(PurePosixPath(a).parent), str(PurePosixPath(b).parent))
               for a, b in team_moves.items()}  # fmt: skip
    return {
        f"{to}/{path.removeprefix(f'{was}/')}"
        for path in added
        for was, to in folders
        if was != to and path.startswith(f"{was}/")
    }


def _pick(repository: Repository, step: Step, commit: str) -> dict[str, list[Entry]]:
    """Do one step, and settle what git leaves open. Give the entries that stay in conflict."""
    follow = {"merge.directoryrenames": "true" if step.name == "additions" else "false"}
    done = repository.run("cherry-pick", "--no-commit", commit, check=False, settings=follow)
    unmerged: dict[str, list[Entry]] = {}
    for entry in repository.index():
        if entry.stage:
            unmerged.setdefault(entry.path, []).append(entry)
    told = done.stdout + done.stderr
    if done.returncode and not unmerged and b"CONFLICT" not in told:
        raise CourseError(f"git cherry-pick: {done.stderr.decode('utf-8', 'replace').strip()}")
    return {
        path: entries for path, entries in unmerged.items() if _settle(repository, path, entries)
    }


def _settle(repository: Repository, path: str, entries: list[Entry]) -> bool:
    """Put a path that git left open into the index; say whether it stays in conflict."""
    match sorted(entry.stage for entry in entries):
        case stages if 2 not in stages:  # the team has it no more, or under a name of its own
            repository.run("rm", "--force", "--quiet", "--", path)
            return False
        case [2]:  # the team's own name for a file that the template moved too
            repository.run("add", "--", path)
            return False
        case [1, 2, 3]:
            _name_sides(repository, path)
        case [2, 3]:
            repository.run("checkout", "--ours", "--quiet", "--", path)
    repository.run("add", "--force", "--", path)
    return True


def _name_sides(repository: Repository, path: str) -> None:
    """Let the marks of a conflict name whose lines they enclose."""
    file = repository.folder / path
    content = file.read_bytes()
    for pattern, label in _LABELS:
        content = re.sub(pattern, label, content, flags=re.MULTILINE)
    file.write_bytes(content)


def _leave_unmerged(repository: Repository, conflicts: dict[str, list[Entry]]) -> None:
    """Show conflicts in the index, as git does, so that git's own tools find them."""
    lines = []
    for path, entries in conflicts.items():
        lines.append(f"0 {'0' * 40}\t{path}")
        lines += [f"{mode} {blob} {stage}\t{path}" for mode, blob, stage, _ in entries]
    if lines:
        text = "".join(f"{line}\0" for line in lines)
        repository.run("update-index", "-z", "--index-info", given=text.encode())


def left_behind(folder: Path, old: Tree, new: Tree) -> list[Line]:
    """Name the files that stay in folders of which the template has nothing any more."""
    gone = _folders(old) - _folders(new)
    files = {file for place in gone for file in (folder / place).rglob("*") if file.is_file()}
    paths = {file.relative_to(folder).as_posix() for file in files} - old.keys()
    own = {path for path in paths if "__pycache__" not in path}
    return [Line(path, "yours, and left as it is") for path in sorted(own)]


def _folders(tree: Tree) -> set[str]:
    return {str(parent) for path in tree for parent in PurePosixPath(path).parents}


class _Seen(NamedTuple):
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


def _report(seen: _Seen, old: Tree, new: Tree) -> list[Line]:
    """Say for each path that the template changes what became of it, from git's index."""
    moved = set(seen.origins.values()) - new.keys()
    changed = [path for path in old.keys() | new.keys() if old.get(path) != new.get(path)]
    lines = [_line(seen, path, path in old) for path in sorted(set(changed) - moved)]
    told = {line.path for line in lines}
    open_ones = [(path, e) for path, e in seen.conflicts.items() if path not in told]
    return lines + [Line(path, _why(entries).format(path), True) for path, entries in open_ones]


def _line(seen: _Seen, path: str, was_there: bool) -> Line:
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


def _applied(seen: _Seen, path: str, source: str, was_there: bool) -> Line:
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
