"""Start the API by uvicorn, on every system.

On SIGTERM it answers the requests at hand, for 2 s at most; then the journal has 6 s to store what
is left: together less than the 10 s that Cloud Run gives.
The application is imported last: the client of Prometheus reads its variable when it is imported.
"""

import os
import shutil
import signal
import sys
import tempfile
from importlib import import_module
from types import FrameType
from typing import Any

import uvicorn

from app import logs
from app.api.client import read_port, require_free_port
from app.config import load_cloud, read, read_count

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which several workers add up their metrics."""


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped; `WEB_CONCURRENCY` is the number of processes."""
    host, port = read("HOST", "127.0.0.1"), read_port("PORT", "8080")
    workers = read_count("WEB_CONCURRENCY", "1")
    require_free_port(host, port, "PORT")
    logs.configure(load_cloud())
    if workers > 1:
        os.environ[_METRICS] = tempfile.mkdtemp(prefix="metrics-")
    signal.signal(signal.SIGTERM, _end)
    try:
        uvicorn.run(
            "app.api.server:start",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    finally:
        shutil.rmtree(os.environ.get(_METRICS, ""), ignore_errors=True)


def start() -> Any:
    """Make the application, in each process."""
    logs.configure(load_cloud())
    return import_module("app.api.application").create_app()


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Exit well: uvicorn raises the signal again when it has ended what it does."""
    sys.exit(0)
