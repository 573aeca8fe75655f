"""The text of a change's pull request: what came, in which order to read it, what is asked."""

import re
import tomllib
from collections.abc import Iterator

from mlsd.engine.source import Source
from mlsd.engine.trees import Tree

_ROW = re.compile(r"^\| `([^`]+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_WALKTHROUGH = "docs/WALKTHROUGH.md"
_SPECIFICATION = "src/app/api/openapi.yaml"


def write(title: str, old: Tree, new: Tree, news: str = "") -> str:
    """Write the title and the text of a pull request, from what differs and what is new."""
    parts = {
        "What changes": news,
        "What came": "\n".join(
            [*_first(old, new), *_pages(old, new), *_commands(old, new), _counted(old, new)]
        ),
        "Read it in this order": "\n".join(_order(old, new)),
        "An examiner asks": "\n".join(_questions(old, new)),
    }
    told = [f"## {heading}\n\n{text}" for heading, text in parts.items() if text]
    return "\n\n".join([title, *told]) + "\n"


def news(source: Source, old: str, new: str) -> str:
    """Give what the changelog of a newer version says that the older one does not."""
    former = set(source.read(old, "CHANGELOG.md").splitlines())
    lines = source.read(new, "CHANGELOG.md").splitlines()
    added = [line for line in lines if line not in former or not line.strip()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(added)).strip()


def _text(tree: Tree, path: str) -> str:
    return tree[path].content.decode("utf-8", "replace") if path in tree else ""


def _rows(old: Tree, new: Tree) -> Iterator[tuple[str, ...]]:
    """Give the rows of the walkthrough for new files: file, why, how, question."""
    yield from (row for row in _ROW.findall(_text(new, _WALKTHROUGH)) if row[0] not in old)


def _order(old: Tree, new: Tree) -> Iterator[str]:
    for number, (path, why, how, _) in enumerate(_rows(old, new), 1):
        yield f"{number}. `{path}`: {why}; {how}"


def _questions(old: Tree, new: Tree) -> Iterator[str]:
    for path, _, _, question in _rows(old, new):
        plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", question)  # links lead nowhere from here
        yield f"- of `{path}`: {plain}"


def _pages(old: Tree, new: Tree) -> Iterator[str]:
    for path in sorted(new.keys() - old.keys()):
        if path.startswith("docs/") and path.endswith(".md"):
            heading = _text(new, path).partition("\n")[0].lstrip("# ")
            yield f"- `{path}`: {heading}"


def _commands(old: Tree, new: Tree) -> Iterator[str]:
    former = _tasks(old)
    for name, help_ in _tasks(new).items():
        if name not in former:
            yield f"- `uv run poe {name}`: {help_}"


def _tasks(tree: Tree) -> dict[str, str]:
    project = tomllib.loads(_text(tree, "pyproject.toml"))
    tasks = project.get("tool", {}).get("poe", {}).get("tasks", {})
    return {name: task.get("help", "") for name, task in tasks.items() if isinstance(task, dict)}


def _first(old: Tree, new: Tree) -> Iterator[str]:
    """Say what a team must do by itself, because it wrote what the new files follow from."""
    if _SPECIFICATION in new.keys() - old.keys():
        yield (
            f"- `{_SPECIFICATION}` follows from `src/app/schema.py`: if that is yours by now, "
            "first run `uv run poe openapi`"
        )


def _counted(old: Tree, new: Tree) -> str:
    added, gone = new.keys() - old.keys(), old.keys() - new.keys()
    changed = [path for path in new.keys() & old.keys() if new[path] != old[path]]
    return f"- {len(added)} files are new, {len(changed)} differ, {len(gone)} are gone"
