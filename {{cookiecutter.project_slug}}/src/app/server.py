"""Gunicorn, as the API needs it.

The API is imported in the workers only: ONNX Runtime, once imported, does not survive a fork.
"""

import importlib
import os
import shutil
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from prometheus_client import multiprocess

_SILENT_SECONDS = 10.0
"""How long a client may pause in the middle of its request, or of reading the answer."""


# gunicorn carries no types, and its `init` is for its own command line
class Server(BaseApplication):  # type: ignore[misc] # pylint: disable=abstract-method
    """A server on an address such as `127.0.0.1:8080`.

    On SIGTERM a worker answers the requests at hand, for 2 s at most; then the journal has 6 s to
    store what is left. Only after 9 s is the worker killed: Cloud Run would do so after 10 s.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        options = {
            "bind": self._address,
            "worker_class": "gthread",
            "threads": 8,
            "graceful_timeout": 9,
            "keepalive": 5,
            "control_socket_disable": True,
            "logger_class": _Logger,
            "post_worker_init": _leave_time_to_store,
            "pre_request": _limit_silence,
            "child_exit": _forget_worker,
            "on_exit": _forget_metrics,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application, in each worker."""
        return importlib.import_module("app.api").create_app()


class _Logger(Logger):  # type: ignore[misc]
    """Gunicorn's messages, in the form of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def _leave_time_to_store(worker: Any) -> None:
    """Let this process wait less for its requests than its parent waits until it kills it."""
    worker.cfg.set("graceful_timeout", 2)


def _limit_silence(_worker: Any, request: Any) -> None:
    request.unreader.sock.settimeout(_SILENT_SECONDS)


def _forget_worker(_server: Arbiter, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)


def _forget_metrics(_server: Arbiter) -> None:
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)
