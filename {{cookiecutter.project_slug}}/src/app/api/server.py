"""Start the API by waitress, on every system.

One thread reads and writes all connections, and four others answer. A request goes to them when it
has arrived whole, so a client that is slow, or says nothing, keeps nobody waiting but itself.
"""

import logging
import select
import signal
import socket
import time
from threading import Event
from typing import Any

from waitress import create_server, wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]

from app import logs
from app.api.application import create_app
from app.api.client import read_port, require_free_port
from app.config import load_cloud, read

THREADS = 4

CONNECTIONS = 400
"""So many may be open. Windows can watch 512, so the server itself takes no more than 500."""

END_SECONDS = 2.0
"""So long the end may take until all that was asked is answered."""

_QUIET_SECONDS = 0.2
_log = logging.getLogger(__name__)


def main() -> None:
    """Serve on `HOST` and `PORT` until stopped."""
    host, port = read("HOST", "127.0.0.1"), read_port("PORT", "8080")
    require_free_port(host, port, "PORT")
    logs.configure(load_cloud())
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every short wait
    app, connections = create_app(), dict[int, Any]()
    server = create_server(
        app,
        connections,
        sockets=[socket.create_server((host, port), backlog=1024)],
        threads=THREADS,
        connection_limit=500,
        max_request_body_size=4 * app.config["MAX_CONTENT_LENGTH"],  # above it, no JSON says so
        outbuf_high_watermark=2**30,  # above it, who does not read would hold a thread
        ident=None,
    )
    _log.info("the API listens at http://%s:%d", host, port)
    _serve(server, connections)
    _finish(server, connections)
    app.extensions["serving"].close()


def _serve(server: Any, connections: dict[int, Any]) -> None:
    """Answer until SIGTERM or Ctrl+C."""
    ending = Event()

    def end(*_: Any) -> None:
        ending.set()
        server.pull_trigger()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not ending.is_set():
        wasyncore.loop(1, map=connections, count=1)
        _make_room(list(server.active_channels.values()))


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
        wasyncore.loop(0.05, map=connections, count=1)
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
