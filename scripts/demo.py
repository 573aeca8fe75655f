"""Generate a project in a new folder and run its demo: from nothing to a prediction over HTTP.

`uv run poe demo` serves until Ctrl-C; `uv run poe demo --once` stops after the first prediction.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]


def main() -> int:
    """Generate, install and run; give the exit code of the project's demo."""
    started = time.perf_counter()
    (TEMPLATE / "build").mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(prefix="demo-", dir=TEMPLATE / "build")
    project = cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder)
    print(f"generated {project}: {time.perf_counter() - started:.1f} s", flush=True)

    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    uv = ["uv", "--directory", project]
    python = ["--python", sys.executable]
    installing = time.perf_counter()
    subprocess.run([*uv, "sync", "--quiet", *python], env=environment, check=True)
    print(f"installed its packages: {time.perf_counter() - installing:.1f} s", flush=True)
    done = subprocess.run([*uv, "run", *python, "poe", "demo", *sys.argv[1:]], env=environment)
    print(f"from nothing to here: {time.perf_counter() - started:.1f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
