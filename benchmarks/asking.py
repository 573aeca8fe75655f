"""Ask a server over connections that stay open, and count what each request took."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psutil

CONNECTIONS = 8


class Measured(NamedTuple):
    """Requests per second; in milliseconds the median, the 99th percentile, CPU per request.

    `answers` counts them.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    answers: int


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def request(port: int, path: str, body: bytes) -> bytes:
    """Write a request by hand: a client library takes more time than the measured server."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def ask(connection: socket.socket, sent: bytes) -> tuple[int, bytes]:
    """Send a request, and read the status and the content of its answer."""
    connection.sendall(sent)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _receive(connection)
    head, _, content = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
    while len(content) < length:
        content += _receive(connection)
    return int(head[9:12]), content


def load(
    family: psutil.Process, port: int, sent: bytes, seconds: float, most: int = 10**9
) -> Measured:
    """Ask over all connections for `seconds`, or until there are about `most` answers.

    Raises
    ------
    SystemExit
        An answer is not 200.
    """
    took: list[float] = []
    started, before = time.perf_counter(), cpu(family)

    def client(_: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (now := time.perf_counter()) < started + seconds and len(took) < most:
                status, content = ask(connection, sent)
                if status != 200:
                    raise SystemExit(f"{status}: {content[:300]!r}")
                took.append(time.perf_counter() - now)

    with ThreadPoolExecutor(CONNECTIONS) as clients:
        list(clients.map(client, range(CONNECTIONS)))  # the list raises what a client raised
    rate, count = len(took) / (time.perf_counter() - started), len(took)
    took.sort()
    p50, p99 = took[count // 2] * 1000, took[count * 99 // 100] * 1000
    return Measured(rate, p50, p99, (cpu(family) - before) / count * 1000, count)


def members(family: psutil.Process) -> list[psutil.Process]:
    """List a server's processes."""
    return [family, *family.children(recursive=True)]


def cpu(family: psutil.Process) -> float:
    """Sum the seconds of CPU that a server's processes took."""
    return sum(sum(member.cpu_times()[:2]) for member in members(family))


def memory(family: psutil.Process) -> float:
    """Sum a server's memory in MiB; what its processes share counts once."""
    return sum(member.memory_full_info().pss for member in members(family)) / 2**20


def _receive(connection: socket.socket) -> bytes:
    more = connection.recv(65536)
    if not more:
        raise ConnectionResetError("the server closed the connection")
    return more
