"""Uvicorn, as the API needs it.

On SIGTERM it answers the requests at hand, for 2 s at most; then the journal has 6 s to store what
is left: together less than the 10 s that Cloud Run gives.
"""

import signal
import sys
from types import FrameType

import uvicorn
from connexion import FlaskApp  # type: ignore[import-untyped]

from app import logs
from app.api import create_app
from app.config import load_settings


def run(host: str, port: int, workers: int) -> None:
    """Serve until stopped."""
    signal.signal(signal.SIGTERM, _end)
    uvicorn.run(
        "app.server:start",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def start() -> FlaskApp:
    """Make the application, in each process."""
    logs.configure(load_settings().cloud)
    return create_app()


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Exit well: uvicorn raises the signal again when it has ended what it does."""
    sys.exit(0)
