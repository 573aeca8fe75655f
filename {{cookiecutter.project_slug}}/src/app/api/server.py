"""Start the API: by gunicorn, or on Windows, where gunicorn does not run, by Flask's own server.

The application is imported in gunicorn's workers only: ONNX Runtime, once imported, does not
survive a fork. So is the client of Prometheus, which reads its variable when it is imported.
"""

import logging
import os
import shutil
import socket
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from app import logs
from app.api.client import read_port, require_free_port
from app.config import load_cloud, read, read_count


class _Absent:
    """Stands for the classes of gunicorn on Windows, where it cannot be imported."""


if sys.platform == "win32":
    BaseApplication = Logger = ThreadWorker = _Absent
else:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
    from gunicorn.glogging import Logger  # type: ignore[import-untyped]
    from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

_HEAD_SECONDS = 10.0
"""So long a client may take to say what it asks; until then it holds one of the threads."""

_REQUEST_SECONDS = 20.0
"""So long the rest may take, to the end of the answer."""

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which several workers add up their metrics."""

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped; `WEB_CONCURRENCY` is the number of processes."""
    host, port = read("HOST", "127.0.0.1"), read_port("PORT", "8080")
    require_free_port(host, port, "PORT")
    if read_count("WEB_CONCURRENCY", "1") > 1:
        os.environ[_METRICS] = tempfile.mkdtemp(prefix="metrics-")
    logs.configure(load_cloud())
    if sys.platform == "win32":
        _log.warning("gunicorn does not run on Windows: this server is not for the cloud")
        import_module("app.api.application").create_app().run(host, port)
    else:
        Server(f"{host}:{port}").run()


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
            "timeout": 0,  # Cloud Run stops the clock between requests: silence is no fault
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
        return import_module("app.api.application").create_app()


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


def _forget_worker(_server: Any, worker: Any) -> None:
    if _METRICS in os.environ:
        import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)


def _forget_metrics(_server: Any) -> None:
    shutil.rmtree(os.environ.get(_METRICS, ""), ignore_errors=True)
