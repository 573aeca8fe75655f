"""Find files that moved: a team's by their lines, the template's by `renames.toml`."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath

_KEPT = 1 / 3
"""The share of a file's lines that another file must hold to be the same file, moved."""


def find(gone: dict[str, bytes], candidates: dict[str, str]) -> dict[str, str]:
    """Find where generated files went: the old name and the new one."""
    lines = {name: _lines(text) for name, text in candidates.items()}
    found = {path: _successor(path, content, lines) for path, content in gone.items()}
    return {path: name for path, name in found.items() if name}


def _successor(path: str, content: bytes, candidates: dict[str, set[str]]) -> str:
    """Find the file that holds the most lines of a generated one, if they are enough."""
    was, kind = _lines(content.decode("utf-8", "replace")), PurePosixPath(path).suffix
    alike = [name for name in candidates if PurePosixPath(name).suffix == kind] if was else []
    shares = {name: len(was & candidates[name]) / len(was) for name in alike}
    best = max(shares, key=lambda name: shares[name], default="")
    return best if shares.get(best, 0) >= _KEPT else ""


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()} - {""}


def names(path: str) -> Iterator[str]:
    """Give a file's name in the template today, and then those in older versions of it."""
    yield path
    for older in _older_names():
        if path in older:
            path = older[path]
            yield path


@cache
def _older_names() -> list[dict[str, str]]:
    """Read the moves of each version, the newest first: the new name and the old one."""
    shipped = files("mlsd") / "renames.toml"
    path = shipped if shipped.is_file() else Path(__file__).parents[2] / "renames.toml"
    versions = tomllib.loads(path.read_text(encoding="utf-8"))
    return [{new: old for old, new in versions[name].items()} for name in reversed(versions)]
