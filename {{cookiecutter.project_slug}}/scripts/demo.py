"""Everything once, with the time of each stage: from the source file to an answer over HTTP.

`uv run poe demo` serves until Ctrl-C; `uv run poe demo --once` stops after the first prediction.
"""

import json
import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from app.__main__ import guarded, run, run_all_but
from app.api import client
from app.config import read
from app.contract import columns
from app.errors import AppError

_API = ["-m", "app", "api"]
_DASHBOARD = ["-m", "app.dashboard"]
_log = logging.getLogger(__name__)


def main() -> None:
    """Run every stage, serve, predict over HTTP."""
    started, host, api_url = time.perf_counter(), read("HOST", "127.0.0.1"), client.api_url()
    port = client.read_port("STREAMLIT_SERVER_PORT", "8501")
    client.require_free_port(host, client.read_port("PORT", "8080"), "PORT")
    client.require_free_port(host, port, "STREAMLIT_SERVER_PORT")
    run_all_but("deploy")  # the API comes after
    _timed("eda", partial(run, "eda"))
    dashboard_url = f"http://{host}:{port}"
    with _process(_API) as api, _process(_DASHBOARD) as dashboard:
        _timed("API up", partial(_wait_for, f"{api_url}/health", api))
        _timed("first prediction", partial(_predict, f"{api_url}/predict"))
        _log.info("from start to prediction: %.1f s", time.perf_counter() - started)
        _timed("dashboard up", partial(_wait_for, f"{dashboard_url}/_stcore/health", dashboard))
        _log.info("\nAPI        %s\ndashboard  %s", api_url, dashboard_url)
        if "--once" not in sys.argv:
            _log.info("press Ctrl-C to stop")
            api.wait()


def _timed(name: str, stage: Callable[[], None]) -> None:
    _log.info("\n--- %s", name)
    started = time.perf_counter()
    stage()
    _log.info("    took %.1f s", time.perf_counter() - started)


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Python as a process of its own, and end it at the end."""
    with subprocess.Popen([sys.executable, *command]) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", seconds: float = 60) -> None:
    """Wait until a URL answers."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AppError(f"{url} did not answer within {seconds:.0f} s: see the lines above.")


def _predict(url: str) -> None:
    """Send the contract's own example as a first request, and show the answer."""
    body = json.dumps(columns.example_record(), ensure_ascii=False).encode()
    _log.info("POST %s %s", url, body.decode())
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        _log.info("answer %s", response.read().decode().strip())


if __name__ == "__main__":
    guarded(main)
