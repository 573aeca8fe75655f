"""Serve the API by uvicorn, on every system.

The server is imported last: the client of Prometheus reads its variable of the environment when it
is imported.
"""

import importlib
import os
import shutil
import tempfile

from app import logs
from app.config import load_settings, read_count, require_free_port


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped; `WEB_CONCURRENCY` is the number of processes."""
    settings, workers = load_settings(), read_count("WEB_CONCURRENCY", "1")
    require_free_port(settings.host, settings.port, "PORT")
    logs.configure(settings.cloud)
    if workers > 1:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    try:
        importlib.import_module("app.server").run(settings.host, settings.port, workers)
    finally:
        shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)
