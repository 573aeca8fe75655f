"""Run the template's tests, and print how long each part took.

`uv run poe test` says whether it works: quick tests, then a default project. `uv run poe test-all`
runs everything, `--rest` only what `poe test` does not.
"""

import subprocess
import sys
import time

DEFAULT = "tests/test_commands.py::test_a_fresh_project_passes_its_own_checks_and_answers_over_http"
TEST = {
    "quick tests: laws, parts, hooks, answers, tools": ["-q", "-m", "not full"],
    "a default project: its own check, its own tests, its demo": [
        *("-q", "-s", "-n", "0", f"{DEFAULT}[default]"),
    ],
}
REST = {
    "every option: generated projects, emulators, images, a browser, Terraform": [
        *("-m", "full", "--deselect", f"{DEFAULT}[default]"),
    ],
}


def main() -> int:
    """Run the parts that were asked for, one after the other; stop at the first that fails."""
    parts = REST if "--rest" in sys.argv else TEST | REST if "all" in sys.argv else TEST
    took: dict[str, float] = {}
    for name, options in parts.items():
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        code = subprocess.run([sys.executable, "-m", "pytest", *options], check=False).returncode
        took[name] = time.perf_counter() - started
        if code:
            return code
    for name, seconds in took.items():
        print(f"{seconds:7.0f} s  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
