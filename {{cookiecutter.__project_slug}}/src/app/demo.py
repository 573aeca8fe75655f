"""Everything once, with the time of each stage: from the source file to an answer over HTTP."""

import json
import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from app import batch, contract, data, eda, evaluate, registry, train
from app.config import dashboard_port, load_settings, require_free_port
from app.errors import AppError

_log = logging.getLogger(__name__)


def main(*, once: bool = False) -> None:
    """Run every stage, serve, predict over HTTP, and keep serving until Ctrl-C (or stop at `once`)."""
    settings, started = load_settings(), time.perf_counter()
    require_free_port(settings.host, settings.port, "PORT")
    require_free_port(settings.host, dashboard_port(), "STREAMLIT_SERVER_PORT")
    for stage in (data, eda, train, evaluate):
        _timed(stage.__name__.removeprefix("app."), stage.main)
    _timed("promote", registry.promote)
    _timed("batch", batch.main)
    dashboard_url = f"http://{settings.host}:{dashboard_port()}"
    with ExitStack() as running:
        api = running.enter_context(_process("api"))
        dashboard = running.enter_context(_process("dashboard"))
        _timed("api up", lambda: _wait_for(f"{settings.api_url}/health", api))
        _timed("predict", lambda: _predict(f"{settings.api_url}/predict"))
        _log.info("from start to prediction: %.1f s", time.perf_counter() - started)
        _timed("dashboard up", lambda: _wait_for(f"{dashboard_url}/_stcore/health", dashboard))
        _log.info("API %s  dashboard %s", settings.api_url, dashboard_url)
        if not once:
            _log.info("press Ctrl-C to stop")
            api.wait()


def _timed(name: str, stage: Callable[[], None]) -> None:
    _log.info("--- %s", name)
    started = time.perf_counter()
    stage()
    _log.info("--- %s: %.1f s", name, time.perf_counter() - started)


@contextmanager
def _process(stage: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a stage as a process of its own, and end it at the end."""
    with subprocess.Popen([sys.executable, "-m", "app", stage]) as process:
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
    body = json.dumps(contract.example_record(), ensure_ascii=False)
    _log.info("POST %s %s", url, body)
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        _log.info("answer %s", response.read().decode().strip())
