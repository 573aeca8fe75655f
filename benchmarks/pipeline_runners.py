"""Time the same pipeline in a generated project: plain stages, and Kubeflow's local runner.

`uv run poe pipeline` prints the seconds of the best run and their ratio. There are three runs, or
as many as you say. An API serves meanwhile, so that both ways only deploy to it.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from cookiecutter.main import cookiecutter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from conftest import TEMPLATE, Project  # noqa: E402

PORT = {"PORT": "18090"}


def main() -> None:
    """Print a line for each way to run it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder)))
        project.poe("data")
        python = project.path / (".venv/Scripts/python" if os.name == "nt" else ".venv/bin/python")
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | PORT
        api = subprocess.Popen(
            [python, "-m", "app", "api"],
            cwd=project.path,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait()
            _compare(project, int(sys.argv[1]) if len(sys.argv) > 1 else 3)
        finally:
            api.terminate()
            api.wait()


def _compare(project: Project, rounds: int) -> None:
    took = {"plain": [], "local": []}
    for _ in range(rounds):
        for way, seconds in took.items():
            started = time.perf_counter()
            project.poe("pipeline", way, **PORT)
            seconds.append(time.perf_counter() - started)
    plain = min(took["plain"])
    print(f"way     seconds (best of {rounds})   of plain")
    for way, seconds in took.items():
        print(f"{way:6} {min(seconds):10.1f} {min(seconds) / plain:17.2f}")


def _wait() -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT['PORT']}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the API did not start")


if __name__ == "__main__":
    main()
