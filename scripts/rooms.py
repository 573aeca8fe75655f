"""Write docs/rooms.md: the rooms of a default project, who imports whom, and the way of the data.

`uv run poe rooms` generates a project, reads its code and follows a number through it.
"""

import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

from mlsd import rooms

TEMPLATE = Path(__file__).parents[1]
PAGE = TEMPLATE / "docs/rooms.md"
sys.path.insert(0, str(TEMPLATE / "benchmarks"))

import data_path  # noqa: E402

ABOUT = """# The rooms of a project

Written by `uv run poe rooms` from a default project; a test compares it.
A room imports only rooms above it, so every arrow points up.
"""
WAYS = {
    "row": "A row, from the source file until the model has its inputs",
    "request": "A record, from the body of a request until it is in the store",
}


def main() -> None:
    """Generate a project, and describe it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder))
        ways = [draw(way, data_path.files(project, way)) for way in WAYS]
        PAGE.write_text(describe(project) + "\n".join(ways), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")


def describe(project: Path) -> str:
    """Describe the rooms of a project in Markdown."""
    read = rooms.read(project / "src/app")
    return f"{ABOUT}\n" + "\n".join(rooms.as_markdown(read)) + "\n\n"


def draw(way: str, files: list[str]) -> str:
    """Draw the files that a value passes, in the order in which it reaches them."""
    steps = "\n".join(f'  {n}["{name}"] --> {n + 1}' for n, name in enumerate(files[:-1]))
    last = f'  {len(files) - 1}["{files[-1]}"]'
    heading = f"## {WAYS[way]}: {len(files)} files\n\n"
    return f"{heading}```mermaid\ngraph LR\n{steps}\n{last}\n```\n"


if __name__ == "__main__":
    main()
