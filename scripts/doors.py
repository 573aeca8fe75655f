"""Write docs/doors.md: each situation of a team's data, and what the project says of it.

`uv run poe doors` generates a project, installs it, and tries all situations of `tests/doors.py`.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
sys.path.insert(0, str(TEMPLATE / "tests"))
import doors  # noqa: E402

PAGE = TEMPLATE / "docs/doors.md"
HEAD = """# The doors: situations tried, and what is said of them

Written by `uv run poe doors`; `tests/test_doors.py` tries each again, and compares this page.

| situation | it is | the last words |
|---|---|---|
"""


def main() -> None:
    """Try all situations, two at a time, and write the page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        project = Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder))
        ask = ["uv", "run", "--quiet", "python", "-c", "import sys; print(sys.executable)"]
        python = subprocess.run(ask, cwd=project, capture_output=True, text=True, check=True)
        with ThreadPoolExecutor(2) as pool:
            rows = list(
                pool.map(lambda door: _row(door, project, python.stdout.strip()), doors.DOORS)
            )
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8", newline="\n")


def _row(door: doors.Door, project: Path, python: str) -> str:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        code, said = doors.tell(door, project, Path(folder), python)
    print(f"{code} {door.name}", flush=True)
    lines = [line.strip("- ") for line in said.splitlines() if line.startswith(("- ", "changed"))]
    lines = [line for line in lines if "does not pass the gate:" not in line]
    words = " ".join(lines if code else [*lines, said.strip().splitlines()[-1]])
    cell = words.replace("|", "\\|")
    return f"| {door.name} | {'refused' if code else 'accepted'} | {cell} |"


if __name__ == "__main__":
    main()
