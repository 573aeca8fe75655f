"""Trees of files, and the steps from one to another."""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple


class File(NamedTuple):
    """The content of a file, and whether it can be run."""

    content: bytes
    executable: bool = False


Tree = dict[str, File]
"""Files by their paths, with forward slashes."""


class Step(NamedTuple):
    """A part of the way from one tree to another: what is done, and the tree after it."""

    name: str
    tree: Tree


def steps(old: Tree, new: Tree, moves: dict[str, str]) -> list[Step]:
    """Give the way from one tree to another: moves, deletions, additions, edits.

    In one step, git would take a deleted file and an added one that resemble each other for a move,
    and carry a team's edit into the wrong file. So a move is only what `moves` declares.
    """
    way, tree = [], dict(old)
    for batch in _batches(old, new, moves):
        tree = {batch.get(path, path): file for path, file in tree.items()}
        way.append(Step("moves", tree))
    tree = {path: file for path, file in tree.items() if path in new}
    way.append(Step("deletions", tree))
    tree = tree | {path: new[path] for path in new.keys() - tree.keys()}
    way.append(Step("additions", tree))
    way.append(Step("edits", dict(new)))
    before = [old, *(step.tree for step in way)]
    return [step for former, step in zip(before, way, strict=False) if step.tree != former]


def declared_moves(old: Tree, new: Tree, moves: dict[str, str]) -> dict[str, str]:
    """Give those declared moves that happen between two trees, one for each new path."""
    happen = {b: a for a, b in reversed(moves.items()) if a in old and b in new and b not in old}
    return {a: b for b, a in reversed(happen.items())}


def _batches(old: Tree, new: Tree, moves: dict[str, str]) -> Iterator[dict[str, str]]:
    """Divide moves so that in no batch two files are alike: git would confuse them."""
    left = declared_moves(old, new, moves)
    while left:
        unlike = {old[path].content: path for path in reversed(left)}
        yield {path: left.pop(path) for path in sorted(unlike.values())}


def apply(project: Tree, old: Tree, way: list[Step]) -> Tree:
    """Carry the steps over to a project, as far as nobody edited what they change.

    Raises
    ------
    ValueError
        A file that a step changes is not as the template left it.
    """
    former = old
    for step in way:
        for path in sorted(former.keys() | step.tree.keys()):
            if former.get(path) == step.tree.get(path):
                continue
            if project.get(path) != former.get(path):
                raise ValueError(path)
            project = {name: file for name, file in project.items() if name != path}
            if path in step.tree:
                project[path] = step.tree[path]
        former = step.tree
    return project


def digest(tree: Tree) -> str:
    """Give the hash that generation records of all files but where the tools come from."""
    total = hashlib.sha256()
    for path in sorted(tree):
        content = re.sub(rb"^MLSD\.default = .*$", b"", tree[path].content, flags=re.MULTILINE)
        total.update(f"{path} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()
