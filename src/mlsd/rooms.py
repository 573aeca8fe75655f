"""The rooms of a project: what each promises, its lines of code, and who imports whom."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SPRINTS = {
    "history": 3,
    "api": 3,
    "pipeline": 4,
    "optimisation": 4,
    "dashboard": 5,
    "monitoring": 6,
}
"""The sprint in which a room is needed. The frame and all other rooms are needed in sprint 2."""

FRAME = "the frame"


class Room(NamedTuple):
    """A folder of `src/app`, or the files beside the folders; `imports` names other rooms."""

    name: str
    promise: str
    modules: int
    lines: int
    imports: list[str]

    @property
    def sprint(self) -> int:
        """Give the sprint in which it is needed."""
        return SPRINTS.get(self.name, 2)


def sprint_of(path: str) -> int:
    """Give the sprint in which a file of `src/app` is needed."""
    return SPRINTS.get(path.split("/")[2], 2)


def main(folder: Path, markdown: bool) -> int:
    """Print the rooms as a table; with `markdown` also as a drawing. Give the exit code."""
    package = folder / "src/app"
    if not package.is_dir():
        print(f"{folder} has no src/app: go to your project's folder")
        return 2
    rooms = read(package)
    print("\n".join(as_markdown(rooms) if markdown else as_table(rooms)))
    upward = [f"{room.name} imports {name}, which is below it" for room, name in find_upward(rooms)]
    print("\n" + ("\n".join(upward) or "Every import goes upward in this list: no cycle."))
    return int(bool(upward))


def read(package: Path) -> list[Room]:
    """Read the rooms in their order, the frame first."""
    text = (package / "__init__.py").read_text(encoding="utf-8")
    named = re.findall(r"^(\w+)/ +(.+)$", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE)
    beside = sorted(package.glob("*.py"))
    rooms = [_room(FRAME, "errors, settings, logs, pages, and schema.py, which is yours", beside)]
    rooms += [_room(n, p, sorted((package / n).rglob("*.py"))) for n, p in named]
    return rooms


def find_upward(rooms: list[Room]) -> Iterator[tuple[Room, str]]:
    """Find the imports of a room that comes later."""
    places = {room.name: place for place, room in enumerate(rooms)}
    for room in rooms[1:]:  # the frame's command line finds rooms by their names
        for name in room.imports:
            if places[name] > places[room.name]:
                yield room, name


def code_lines(text: str) -> int:
    """Count lines of Python that are neither blank, nor comment, nor docstring."""
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        1 for n, line in lines if n not in docstrings and line.strip() and line.strip()[0] != "#"
    )


def function_lengths(package: Path) -> dict[str, int]:
    """Give the lines of every function, by file and name."""
    return {
        f"{path.relative_to(package).as_posix()}: {node.name}": node.end_lineno - node.lineno + 1
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }


def _room(name: str, promise: str, files: list[Path]) -> Room:
    imports = {room for path in files for room in _imports(path)} - {name}
    lines = sum(code_lines(path.read_text(encoding="utf-8")) for path in files)
    return Room(name, promise, len(files), lines, sorted(imports))


def _imports(path: Path) -> Iterator[str]:
    """Give the rooms that a file imports. An import from `app` itself counts for the frame."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            name = (node.module or "").split(".")[1]
            is_room = any((parent / name / "__init__.py").exists() for parent in path.parents[:3])
            yield name if is_room else FRAME
        elif isinstance(node, ast.ImportFrom) and node.module == "app":
            yield FRAME


def as_table(rooms: list[Room]) -> Iterator[str]:
    """Give the lines of the rooms as a text."""
    yield f"{'room':12} {'sprint':>6} {'files':>5} {'lines':>5}  imports"
    for room in rooms:
        imports = ", ".join(name for name in room.imports if name != FRAME)
        yield f"{room.name:12} {room.sprint:>6} {room.modules:>5} {room.lines:>5}  {imports}"
    for sprint in sorted({room.sprint for room in rooms}):
        lines = sum(room.lines for room in rooms if room.sprint <= sprint)
        yield f"until sprint {sprint}: {lines} lines"


def as_markdown(rooms: list[Room]) -> Iterator[str]:
    """Give the rooms as a table, and a drawing of who imports whom."""
    yield "| room | promise | sprint | files | lines |\n|---|---|---|---|---|"
    for room in rooms:
        name = room.name if room.name == FRAME else f"`{room.name}/`"
        yield f"| {name} | {room.promise} | {room.sprint} | {room.modules} | {room.lines} |"
    yield "\n```mermaid\ngraph BT"
    for room in rooms:
        yield from (f"  {room.name} --> {name}" for name in room.imports if name != FRAME)
    yield "```"
