"""Carry the steps of a change into a repository's index and files, and say what became of each."""

import os
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from mlsd.course_error import CourseError
from mlsd.engine import guards
from mlsd.engine.report import Line, Seen, report
from mlsd.engine.repository import Entry, Repository
from mlsd.engine.trees import Step, Tree, declared_moves, steps

_LABELS = [
    (rb"^<{7} .*$", b"<<<<<<< yours"),
    (rb"^\|{7} .*$", b"||||||| old template"),
    (rb"^>{7} .*$", b">>>>>>> new template"),
]


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
    seen = Seen(
        was=repository.files(former),
        before=before,
        after={entry.path: entry.blob for entry in repository.index()},
        wanted=repository.files("refs/mlsd/new"),
        conflicts=conflicts,
        origins={b: a for a, b in moves.items()},
        team_moves=team_moves,
    )
    return report(seen, old, new)


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
        repository.run("update-index", "-z", "--index-info", given=os.fsencode(text))
