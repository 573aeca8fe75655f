"""Build one image, start it, and ask it: its size, and the time until its first answer.

`python scripts/image.py api` takes Docker or podman, whichever is installed.
"""

import json
import shutil
import sys
import time

from release import SERVICES, ask
from shell import Shell

from app.__main__ import guarded
from app.api import client
from app.errors import AppError, ConfigError

_SECONDS = 60


def main() -> None:
    """Measure the image that the command line names, or else that of the API."""
    words = sys.argv[1:] or ["api"]
    if len(words) != 1 or words[0] not in SERVICES:
        raise ConfigError(f"{' '.join(words)!r}: give one of {', '.join(SERVICES)}.")
    port = client.read_port("PORT", "8080")
    client.require_free_port("127.0.0.1", port, "PORT")
    measure(Shell(rehearsal=False), words[0], port)


def measure(shell: Shell, name: str, port: int) -> None:
    """Build and start an image, ask whether it is well, print the figures, and remove it again."""
    engine = find_engine()
    target = ("--platform=linux/amd64", f"--target={name}", f"--tag={name}")
    shell.run(engine, "build", *target, ".")
    size = json.loads(shell.read(engine, "image", "inspect", name))[0]["Size"]
    options = (f"--publish=127.0.0.1:{port}:{port}", f"--env=PORT={port}")
    started = time.perf_counter()
    container = shell.read(engine, "run", "--detach", *options, name)
    try:
        answer = wait_for_answer(f"http://127.0.0.1:{port}{SERVICES[name]}")
        seconds = time.perf_counter() - started
    except AppError:
        shell.run(engine, "logs", container)
        raise
    finally:
        shell.run(engine, "rm", "--force", container)
    print(f"{name}: {size / 1e6:.0f} MB; first answer {seconds:.1f} s after its start: {answer}")


def find_engine() -> str:
    """Name the program that builds and runs images here."""
    return "podman" if shutil.which("podman") and not shutil.which("docker") else "docker"


def wait_for_answer(url: str) -> str:
    """Ask until a container answers well, and give what it says."""
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return ask(url).decode().strip()
        except AppError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(0.05)


if __name__ == "__main__":
    guarded(main)
