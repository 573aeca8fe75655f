"""Follow a value through a generated project: which files hold it, and how often the file changes.

`uv run poe path` sends a record with a number that occurs nowhere else, from the request to the
store, and a row with such a number from the source file to the model; it prints each way.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
FOLLOW = Path(__file__).with_name("follow.py")


def main() -> None:
    """Generate a project, and follow both values."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder))
        for way in ("row", "request"):
            print(follow(project, way), flush=True)


def follow(project: Path, way: str) -> str:
    """Follow one value in a project, and give the line that tells its way."""
    command = ["uv", "--directory", str(project), "run", "--quiet", "python", str(FOLLOW), way]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment(), check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout.strip().splitlines()[-1]


def files(project: Path, way: str) -> list[str]:
    """List the files that hold the value, in the order in which it first reaches them."""
    return list(dict.fromkeys(follow(project, way).partition(": ")[2].split(": ")[1].split(" -> ")))


def environment() -> dict[str, str]:
    """Give the environment's variables without `VIRTUAL_ENV`, and with UTF-8."""
    return {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PYTHONUTF8": "1"}


if __name__ == "__main__":
    main()
