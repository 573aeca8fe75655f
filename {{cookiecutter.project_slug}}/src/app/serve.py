"""Serve the API: by gunicorn, or on Windows by the framework's own server.

Either is imported when it is chosen: gunicorn cannot be imported on Windows, and the client of
Prometheus reads its variable of the environment when it is imported.
"""

import importlib
import logging
import os
import sys
import tempfile

from app import logs
from app.config import load_settings, read_count, require_free_port

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped; `WEB_CONCURRENCY` is the number of processes."""
    settings = load_settings()
    require_free_port(settings.host, settings.port, "PORT")
    if read_count("WEB_CONCURRENCY", "1") > 1:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    logs.configure(settings.cloud)
    if sys.platform == "win32":
        _log.warning("gunicorn does not run on Windows: this server is not for the cloud")
        importlib.import_module("app.api").create_app().run(settings.host, settings.port)
        return
    importlib.import_module("app.server").Server(f"{settings.host}:{settings.port}").run()
