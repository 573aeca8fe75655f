"""Build one image: its size, its largest packages, and the time until its first answer.

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

IMAGES = (*SERVICES, "pipeline")

_FOLDER = """$(python -c 'import numpy; print(*numpy.__path__)')/.."""
_LARGEST = f'cd "{_FOLDER}" && du -am -d1 | sort -rn | head -16'
"""Prints the megabytes of all packages, and of the largest ones."""


def main() -> None:
    """Measure the image that the command line names, or else that of the API."""
    words = sys.argv[1:] or ["api"]
    if len(words) != 1 or words[0] not in IMAGES:
        raise ConfigError(f"{' '.join(words)!r}: give one of {', '.join(IMAGES)}.")
    measure(Shell(rehearsal=False), words[0])


def measure(shell: Shell, name: str) -> None:
    """Build an image, and print what takes how much of it; start it, if it serves."""
    engine = find_engine()
    target = ("--platform=linux/amd64", f"--target={name}", f"--tag={name}")
    shell.run(engine, "build", *target, ".")
    size = json.loads(shell.read(engine, "image", "inspect", name))[0]["Size"]
    shell.run(engine, "run", "--rm", name, "sh", "-c", _LARGEST)
    started = f"; {start(shell, engine, name)}" if name in SERVICES else ""
    print(f"{name}: {size / 1e6:.0f} MB{started}")


def start(shell: Shell, engine: str, name: str) -> str:
    """Start an image, ask whether it is well, and remove the container; tell what it took."""
    port = client.read_port("PORT", "8080")
    client.require_free_port("127.0.0.1", port, "PORT")
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
    return f"first answer {seconds:.1f} s after its start: {answer}"


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
