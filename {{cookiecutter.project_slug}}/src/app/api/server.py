"""Start the API by waitress, on every system.

One thread reads and writes all connections. It answers small predictions itself; six other threads
answer what may take longer. A request is answered when it has arrived whole, so a client that is
slow, or says nothing, keeps nobody waiting but itself.
"""

import logging
import select
import signal
import socket
import time
from collections import deque
from threading import Event
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from app import logs
from app.api.application import create_app
from app.api.client import read_port, require_free_port
from app.api.handlers import MAX_BODY_BYTES
from app.config import load_cloud, read

THREADS = 6
"""Two more than may wait for storage, so that others are answered meanwhile."""

CONNECTIONS = 400
"""So many may be open. Windows can watch 512, so the server itself takes no more than 500."""

SMALL_BYTES = 64 * 1024
"""A request of so many bytes is predicted in a few milliseconds."""

END_SECONDS = 2.0
"""So long the end may take until all that was asked is answered."""

_QUIET_SECONDS = 0.2
_log = logging.getLogger(__name__)


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped."""
    host, port = read("HOST", "127.0.0.1"), read_port("PORT", "8080")
    require_free_port(host, port, "PORT")
    logs.configure(load_cloud())
    app = create_app()
    serve(app, host, port)
    app.extensions["serving"].close()


def serve(app: Flask, host: str, port: int) -> None:
    """Answer until SIGTERM or Ctrl+C, and then what was asked already."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every short wait
    connections = dict[int, Any]()
    server = create_server(
        app,
        connections,
        sockets=[socket.create_server((host, port), backlog=1024)],
        connection_limit=500,
        max_request_body_size=4 * MAX_BODY_BYTES,  # above it, no JSON says so
        recv_bytes=2**16,
        send_bytes=2**18,  # below it, an answer is sent in one piece
        outbuf_high_watermark=2**30,  # above it, who does not read would hold a thread
        ident=None,
        _dispatcher=_Dispatcher(app),
    )
    _log.info("the API listens at http://%s:%d", host, port)
    ending = Event()

    def end(*_: Any) -> None:
        ending.set()
        server.pull_trigger()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not ending.is_set():
        _turn(server, connections, 1)
        _make_room(list(server.active_channels.values()))
    _finish(server, connections)


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Says who answers a request: to pass it on to a thread takes as long as a small prediction.

    The first prediction waits for its model, so it is not small.
    """

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._model = app.extensions["serving"].model
        self.small = deque[Any]()
        self.set_thread_count(THREADS)

    def add_task(self, task: Any) -> None:
        """Take a channel of waitress, whose first request has arrived whole."""
        request = task.requests[0]
        predicts = not request.error and request.path == "/predict"
        if predicts and request.body_bytes_received <= SMALL_BYTES and self._model.predictor:
            self.small.append(task)
        else:
            super().add_task(task)


def _turn(server: Any, connections: dict[int, Any], seconds: float) -> None:
    """Read and write what can be, and answer what is small."""
    wasyncore.loop(seconds, map=connections, count=1)
    small = server.task_dispatcher.small
    while small:
        small.popleft().service()


def _finish(server: Any, connections: dict[int, Any]) -> None:
    """Let nobody new in, and answer what was asked already."""
    HTTPChannel.task_class = _LastAnswer
    while select.select([server.socket], [], [], 0)[0]:  # the system let them in already
        server.handle_accept()
    server.del_channel()
    server.socket.close()
    deadline = time.monotonic() + END_SECONDS
    quiet = time.monotonic() + _QUIET_SECONDS
    while time.monotonic() < min(quiet, deadline):
        _turn(server, connections, 0.05)
        channels = server.active_channels.values()
        if any(channel.requests or channel.total_outbufs_len for channel in channels):
            quiet = time.monotonic() + _QUIET_SECONDS


def _make_room(channels: list[Any]) -> None:
    """Close the connections that were silent for longest, if too many are open."""
    if len(channels) > CONNECTIONS:
        silent = sorted((c for c in channels if not c.requests), key=lambda c: c.last_activity)
        for channel in silent[: len(channels) - CONNECTIONS]:
            channel.will_close = True


class _LastAnswer(WSGITask):  # type: ignore[misc]
    """An answer that tells its client that the connection ends with it."""

    def start(self) -> None:
        """Begin to answer."""
        super().start()
        self.set_close_on_finish()
