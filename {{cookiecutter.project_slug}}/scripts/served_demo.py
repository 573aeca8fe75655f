"""The part of the demo that serves: processes of their own, and a first prediction over HTTP."""

import json
import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from app.api import client
from app.config import read
from app.contract import columns
from app.errors import AppError

_log = logging.getLogger(__name__)


def require_free_ports() -> None:
    """Refuse ports that other programs listen on, before anything else is done."""
    host = read("HOST", "127.0.0.1")
    client.require_free_port(host, client.read_port("PORT", "8080"), "PORT")
    # >>> sprint >= 5
    port = client.read_port("STREAMLIT_SERVER_PORT", "8501")
    client.require_free_port(host, port, "STREAMLIT_SERVER_PORT")
    # <<<


def main(started: float) -> None:
    """Serve, predict, and go on serving until Ctrl-C; `--once` stops after the prediction."""
    api_url = client.api_url()
    with ExitStack() as processes:
        api = processes.enter_context(_process("-m", "app", "api"))
        _timed("API up", partial(_wait_for, f"{api_url}/health", api))
        _timed("first prediction", partial(_predict, f"{api_url}/predict"))
        _log.info("from start to prediction: %.1f s", time.perf_counter() - started)
        _log.info("\nAPI        %s", api_url)
        # >>> sprint >= 5
        dashboard = processes.enter_context(_process("-m", "app.dashboard"))
        dashboard_url = (
            f"http://{read('HOST', '127.0.0.1')}:{read('STREAMLIT_SERVER_PORT', '8501')}"
        )
        _timed("dashboard up", partial(_wait_for, f"{dashboard_url}/_stcore/health", dashboard))
        _log.info("dashboard  %s", dashboard_url)
        # <<<
        if "--once" not in sys.argv:
            _log.info("press Ctrl-C to stop")
            api.wait()


def _timed(name: str, step: Callable[[], None]) -> None:
    _log.info("\n--- %s", name)
    started = time.perf_counter()
    step()
    _log.info("    took %.1f s", time.perf_counter() - started)


@contextmanager
def _process(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Python as a process of its own, and end it at the end."""
    with subprocess.Popen([sys.executable, *arguments]) as process:
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
