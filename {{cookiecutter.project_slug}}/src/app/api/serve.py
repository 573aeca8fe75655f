"""Serve the API: gunicorn with one worker and eight threads, or Flask's own server on Windows."""

import logging
import os
import sys

from app.api import create_app
from app.config import load_settings, require_free_port

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped."""
    settings = load_settings()
    require_free_port(settings.host, settings.port, "PORT")
    if sys.platform == "win32":
        _log.warning("gunicorn does not run on Windows: this is Flask's server, not for the cloud")
        create_app().run(settings.host, settings.port, threaded=True)
        return
    bind = f"{settings.host}:{settings.port}"
    command = ["gunicorn", "--bind", bind, "--workers", "1", "--threads", "8", "--timeout", "0"]
    command += ["--no-control-socket"]
    os.execv(sys.executable, [sys.executable, "-m", *command, "app.api:create_app()"])
