"""Gunicorn, as the API needs it.

The API is imported in the workers only: ONNX Runtime, once imported, does not survive a fork.
"""

import importlib
import os
import shutil
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from prometheus_client import multiprocess

_HEAD_SECONDS = 10.0
"""So long a client may take to say what it asks; until then it holds one of the threads."""

_REQUEST_SECONDS = 20.0
"""So long the rest may take, to the end of the answer."""


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
            "worker_class": f"{__name__}.Worker",
            "threads": 8,
            "graceful_timeout": 9,
            "keepalive": 5,
            "control_socket_disable": True,
            "logger_class": _Logger,
            "post_worker_init": _leave_time_to_store,
            "child_exit": _forget_worker,
            "on_exit": _forget_metrics,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application, in each worker."""
        return importlib.import_module("app.api").create_app()


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, which no slow client holds for ever."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._deadlines: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it, in a thread."""
        self._deadlines[conn] = time.monotonic() + _HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            del self._deadlines[conn]

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head was read."""
        self._deadlines[conn] = time.monotonic() + _REQUEST_SECONDS
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Cut off who is too slow; gunicorn calls this about once a second."""
        super().murder_pending()
        self._cut_off(time.monotonic())

    def run(self) -> None:
        """Serve until SIGTERM; then store what is left, whoever still holds a thread."""
        super().run()
        self._cut_off(float("inf"))
        self.wsgi.extensions["serving"].close()

    def _cut_off(self, now: float) -> None:
        for conn, deadline in list(self._deadlines.items()):
            if deadline < now:
                with suppress(OSError):  # it is gone already
                    conn.sock.shutdown(socket.SHUT_RDWR)


class _Logger(Logger):  # type: ignore[misc]
    """Gunicorn's messages, in the form of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def _leave_time_to_store(worker: Any) -> None:
    """Let this process wait less for its requests than its parent waits until it kills it."""
    worker.cfg.set("graceful_timeout", 2)


def _forget_worker(_server: Arbiter, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)


def _forget_metrics(_server: Arbiter) -> None:
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)
