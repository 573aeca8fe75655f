"""How long does the next request wait behind clients that stall? `uv run poe stalls`.

The API is asked behind 8 and 32 clients of each kind, once as it is and once under gunicorn, as the
course's lab runs it. The table goes into a project's `docs/SERVING.md`. Runs on Linux and macOS.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from api_serving import make_project, prepare, running
from asking import ask, request
from contestants import OWN_PACKAGES, Server, servers
from serving_table import write_between

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from served_api import STALLS, STALLS_AFTER, Served, stalled  # noqa: E402

MOST_SECONDS = 30
COUNTS = (8, 32)
WORDS = {
    "silent": "connects and says nothing",
    "head": "stops in the head of a request",
    "body": "stops in the body",
    "chunk": "stops in a chunk of the body",
    "unread": "asks and never reads the answers",
}
GUNICORN = ["-m", "gunicorn", "--bind=127.0.0.1:PORT", "--threads=4", "--timeout=0"]


def main() -> None:
    """Print and write a line for each way to stall."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder)
        prepare(project, 3)
        ours, python = servers(project)[0], str(project / OWN_PACKAGES / "bin/python")
        install = ["uv", "pip", "install", "-q", "--python", python, "gunicorn"]
        subprocess.run(install, check=True)
        command = [python, *GUNICORN, "app.api.application:create_app()"]
        lab = ours._replace(name="gunicorn, 4 threads", command=command)
        waits = {server.name: measure(server, folder) for server in (ours, lab)}
    heads = [f"{name}: behind {count}" for name in waits for count in COUNTS]
    rows = [f"| a client that | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for what, words in WORDS.items():
        cells = [waits[name][what, count] for name in waits for count in COUNTS]
        rows.append(f"| {words} | {' | '.join(cells)} |")
    print("\n".join(rows))
    write_between("stalls", rows)


def measure(server: Server, folder: Path) -> dict[tuple[str, int], str]:
    """Give the seconds that a request waits behind clients that stall, by their kind and number."""
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    body, waits = json.dumps(server.body(rows, 1)).encode(), {}
    for what in STALLS:
        for count in COUNTS:
            with running(server, folder, body) as (_, port, _), ExitStack() as clients:
                served = Served(None, f"http://127.0.0.1:{port}", None)
                for _ in range(count):
                    clients.enter_context(stalled(served, what))
                time.sleep(STALLS_AFTER[what])
                waits[what, count] = wait(port, request(port, server.path, body))
    return waits


def wait(port: int, sent: bytes) -> str:
    """Ask once, and give the seconds until the answer."""
    started = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), MOST_SECONDS) as connection:
            status, _ = ask(connection, sent)
    except TimeoutError:
        return f"over {MOST_SECONDS}"
    return f"{time.monotonic() - started:.2f}" if status == 200 else f"status {status}"


if __name__ == "__main__":
    main()
