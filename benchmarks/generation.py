"""Time a generation beside a bare render of the same tree, in one run: `uv run poe benchmark`."""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

TEMPLATE = str(Path(__file__).parents[1])
ROUNDS = 7


def seconds(accept_hooks: bool) -> float:
    """Time one command of cookiecutter, as a user waits for it."""
    hooks = "yes" if accept_hooks else "no"
    with tempfile.TemporaryDirectory() as folder:
        command = ["cookiecutter", TEMPLATE, "--no-input", "--accept-hooks", hooks, "-o", folder]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started


if __name__ == "__main__":
    pairs = [(seconds(accept_hooks=False), seconds(accept_hooks=True)) for _ in range(ROUNDS)]
    bare, whole = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"bare render {bare:.2f} s, generation {whole:.2f} s, ratio {whole / bare:.2f}")
