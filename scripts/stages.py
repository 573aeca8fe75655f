"""Write into README.md what a team has to read and to install at each stage.

`uv run poe stages` generates a project for each stage and installs its packages.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

from mlsd import rooms
from mlsd.engine.wishes import SPRINTS

TEMPLATE = Path(__file__).parents[1]
PAGE = TEMPLATE / "README.md"
MARKS = ("<!-- stages: `uv run poe stages` -->", "<!-- end of stages -->")
HEAD = "| until sprint | lines of code in `src/app` | files | MB of packages |\n|---|---|---|---|"


def main() -> None:
    """Measure each stage, and write the table."""
    rows = []
    for sprint in SPRINTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            answers = {"until_sprint": sprint}
            made = cookiecutter(str(TEMPLATE), no_input=True, extra_context=answers,
                                output_dir=folder)  # fmt: skip
            rows.append(f"{row(sprint, Path(made))} {install(Path(made)):,.0f} |")
    table = "\n".join([MARKS[0], HEAD, *rows, MARKS[1]])
    text = re.sub(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: table, PAGE.read_text(), flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    print(table)


def row(sprint: str, project: Path) -> str:
    """Count what there is to read."""
    code = sum(room.lines for room in rooms.read(project / "src/app"))
    files = subprocess.run(
        ["git", "-C", str(project), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return f"| {sprint} | {code:,} | {sum(not name.endswith('.png') for name in files)} |"


def install(project: Path) -> float:
    """Install a project's packages; give their size in MB."""
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = ["uv", "--directory", str(project), "sync", "--quiet", "--python", sys.executable]
    subprocess.run(command, env=environment, check=True)
    installed = (project / ".venv").rglob("*")
    return sum(path.lstat().st_size for path in installed if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
