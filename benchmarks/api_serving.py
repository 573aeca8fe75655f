"""Measure the API beside its peers, in one run: `uv run poe serving`.

One server at a time, one process each, the same model and rows, eight connections kept open. Where
there are two cores, the server has one and its clients the other. What this API answered must be in
its store after each load.
CPU is that of the server's processes alone: the wall time of a shared machine says less.
Runs on Linux, which can tell the memory that processes share.
"""

import argparse
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import serving_table
from asking import ask, free_ports, load, members, memory, request
from contestants import OWN_PACKAGES, PEERS, Server, give_model, give_ports, servers
from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
SAMPLE = "the sample's own model"
MODELS = {SAMPLE: 3, "a forest of 100 full trees": 1}


def main() -> None:
    """Print the table of each model, then the ratios, then memory over many requests.

    The table of the sample's own model becomes that of the project's page.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each figure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder)
        for title, leaf in MODELS.items():
            print(f"\n{title}\n{serving_table.HEAD}", flush=True)
            prepare(project, leaf)
            give_model(folder)
            figures = {}
            for server in servers(project):
                try:
                    figures[server.name] = measure(server, folder, options.seconds)
                except (SystemExit, subprocess.CalledProcessError) as error:
                    if not server.peer:
                        raise
                    print(f"{server.name} does not run here: {str(error)[:200]}", flush=True)
            serving_table.print_ratios(figures)
            if title == SAMPLE:
                serving_table.write(figures)
        soak(servers(project)[0], folder)


def make_project(folder: Path) -> Path:
    """Generate a project and install it, compiled, as an image would be."""
    project = Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder))
    subprocess.run(["uv", "sync", "-q", "--compile-bytecode"], cwd=project, check=True)
    own = os.environ | {"UV_PROJECT_ENVIRONMENT": OWN_PACKAGES}
    command = ["uv", "sync", "-q", "--compile-bytecode", "--no-default-groups"]
    command += ["--group", "api", "--group", "cloud"]
    subprocess.run(command, cwd=project, env=own, check=True)
    _uv(project, "python", "-m", "app", "data")
    return project


def prepare(project: Path, leaf: int) -> None:
    """Train and promote a forest with leaves of so many rows, and keep rows to ask for."""
    _uv(project, "python", str(PEERS / "export.py"), str(project.parent), str(leaf))


@contextmanager
def running(
    server: Server, folder: Path, body: bytes
) -> Iterator[tuple[psutil.Process, int, float]]:
    """Start a server; give its process, its port, and the seconds until its first prediction."""
    port, *others = free_ports(3)
    give_ports(folder, port, *others)
    command = [word.replace("PORT", str(port)) for word in server.command]
    own = {"PORT": str(port), "PYTHONPATH": str(PEERS), "LOCAL_STORE": str(_store(folder))}
    own |= {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "true"}
    left_out = ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    variables = {k: v for k, v in os.environ.items() if k not in left_out} | own
    with open(folder / "server.log", "wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    pin(process.pid, 0)
    family = psutil.Process(process.pid)
    try:
        wait_for(process, port, request(port, server.path, body), folder / "server.log")
        yield family, port, time.perf_counter() - started
    finally:
        processes = members(family) if family.is_running() else []
        process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=12)
        for member in alive:
            member.kill()


def wait_for(process: subprocess.Popen, port: int, sent: bytes, log: Path) -> None:
    """Ask a server until its first good answer."""
    deadline, last = time.monotonic() + 90, ""
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as connection:
                status, content = ask(connection, sent)
            if status == 200:
                return
            last = f"{status}: {content[-500:]!r}"
        except (OSError, ValueError) as error:  # it does not listen, or is not ready to answer
            last = str(error)
        time.sleep(0.01)
    raise SystemExit(f"no answer; the last was {last}\n{log.read_text()[-3000:]}")


def measure(server: Server, folder: Path, seconds: float) -> dict[str, Any]:
    """Measure one server for one and for a hundred records, and print its line."""
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    bodies = {n: json.dumps(server.body(rows, n)).encode() for n in (1, 100)}
    if server.peer:  # packages are installed and compiled before the clock starts
        with running(server, folder, bodies[1]):
            pass
    with running(server, folder, bodies[1]) as (family, port, start):
        figures: dict[str, Any] = {"start": start, "peer": server.peer, "lost": ""}
        pin(0, 1)
        for count, body in bodies.items():
            sent, before = request(port, server.path, body), stored(folder)
            warm = load(family, port, sent, 1.0)
            figures[str(count)] = load(family, port, sent, seconds)
            if server.name == "this API":
                answered = (warm.answers + figures[str(count)].answers) * count
                figures["lost"] = require_equal(answered, stored(folder) - before)
        figures["memory"] = memory(family)
    serving_table.print_line(server.name, figures)
    return figures


def pin(process: int, core: int) -> None:
    """Give a process, 0 for this one, a core of its own, if there are two."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


def stored(folder: Path) -> int:
    """Count the predictions in the store."""
    files = (_store(folder) / "appended/predictions").glob("*.jsonl")
    return sum(file.read_bytes().count(b"\n") for file in files)


def require_equal(answered: int, kept: int) -> int:
    """Stop if predictions were answered that are not in the store; give how many those are."""
    print(f"answered {answered}, stored {kept}", flush=True)
    if answered != kept:
        raise SystemExit(f"{answered - kept} predictions were answered and are not stored.")
    return answered - kept


def soak(server: Server, folder: Path) -> None:
    """Print the API's memory after each fifth of 100,000 requests."""
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    body = json.dumps(server.body(rows, 1)).encode()
    print("\nmemory of this API over 100,000 requests, MiB:", end=" ")
    with running(server, folder, body) as (family, port, _):
        for _ in range(5):
            load(family, port, request(port, server.path, body), 600, 20_000)
            print(f"{memory(family):.0f}", end=" ", flush=True)
    print()


def _store(folder: Path) -> Path:
    return folder / "store"


def _uv(project: Path, *command: str) -> None:
    variables = os.environ | {"LOCAL_STORE": str(_store(project.parent))}
    command = ("uv", "run", "-q", *command)
    done = subprocess.run(
        command, cwd=project, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
