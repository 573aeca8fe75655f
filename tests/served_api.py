"""A generated project's API while it serves: waited for, asked, held up, and what it stored."""

import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import requests


class Served(NamedTuple):
    """A running API."""

    process: subprocess.Popen
    url: str
    log: object

    def ask(self, record):
        return requests.post(f"{self.url}/predict", json=record, timeout=30)


def wait_until_ready(served, path="/ready"):
    for _ in range(300):
        try:
            if requests.get(f"{served.url}{path}", timeout=10).ok:
                return
        except requests.ConnectionError:
            assert served.process.poll() is None, served.log.read_text()
        time.sleep(0.1)
    pytest.fail(f"not ready: {served.log.read_text()}")


def wait_until_stored(served):
    """Wait until a prediction is stored, which happens some seconds after its answer."""
    for _ in range(100):
        answer = requests.get(f"{served.url}/past_predictions", timeout=30)
        if answer.json()["past_predictions"]:
            return
        time.sleep(0.2)
    pytest.fail(f"no prediction is stored: {served.log.read_text()}")


@contextmanager
def asking(served, record, clients=4):
    """Ask without a pause from several threads; gives what they hear, until the end."""
    heard, stop = [], threading.Event()

    def client():
        while not stop.is_set():
            try:
                heard.append(served.ask(record))
            except requests.ConnectionError as error:
                heard.append(error)
                return

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join()


_HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\n"
_JSON = b"Content-Type: application/json\r\n"
STALLS = {
    "silent": b"",
    "head": _HEAD,
    "body": _HEAD + _JSON + b"Content-Length: 100000\r\n\r\n{",
    "chunk": _HEAD + _JSON + b"Transfer-Encoding: chunked\r\n\r\n100\r\n{",
    "unread": b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
}
"""What a client says before it stalls; the last asks for much and never reads it."""

STALLS_AFTER = dict.fromkeys(STALLS, 0.5) | {"unread": 6.0}
"""So many seconds later it has stalled; the system's buffers take some MB before."""


def stalled(served, what):
    """Connect, send what there is to send, and no more."""
    client = socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])))
    client.sendall(STALLS[what])
    return client


def stored_ids(project):
    show = (
        "from app.storage import open_storage\n"
        "for rows in open_storage().stream('predictions'): print(*rows['id'].to_pylist())"
    )
    done = project.run("python", "-c", show)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
