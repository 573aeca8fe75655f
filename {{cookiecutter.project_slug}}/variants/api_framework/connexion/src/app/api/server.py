"""Start the API by uvicorn, on every system.

On SIGTERM it answers the requests at hand, for 2 s at most; then the journal has 6 s to store what
is left: together less than the 10 s that Cloud Run gives.
"""

import signal
import sys
from types import FrameType

import uvicorn

from app import logs
from app.api.application import create_app
from app.api.client import read_port, require_free_port
from app.config import load_cloud, read


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped."""
    host, port = read("HOST", "127.0.0.1"), read_port("PORT", "8080")
    require_free_port(host, port, "PORT")
    logs.configure(load_cloud())
    signal.signal(signal.SIGTERM, _end)
    uvicorn.run(
        create_app(),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Exit well: uvicorn raises the signal again when it has ended what it does."""
    sys.exit(0)
