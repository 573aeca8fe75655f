"""The command line: `python -m app COMMAND`; `uv run poe` lists the commands.

A room says in its `__init__.py` what it can do: `STAGES` are its part of a whole run, in order,
`COMMANDS` is what it does only when it is asked, `CHECKS` what must hold before any command; each
names a function of the room, such as `train:main` for `main` in `train.py`. So the order of all
stages is that of the rooms.
"""

import inspect
import logging
import re
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from app import ROOMS
from app.errors import AppError, ConfigError

_log = logging.getLogger(__name__)


def main() -> None:
    """Run the command that is named on the command line."""
    guarded(lambda: run(*sys.argv[1:]))


def stages() -> dict[str, str]:
    """List the stages of a whole run in order, each with its function, as `app.room.file:name`."""
    return _declared("STAGES")


def run(*words: str) -> None:
    """Run one command, the first word, with the others as arguments, or `--name=value`.

    Raises `AppError`.
    """
    name, *rest = words or ("",)
    options = dict(word[2:].split("=", 1) for word in rest if re.match("--[a-z]+=", word))
    arguments = [word for word in rest if not re.match("--[a-z]+=", word)]
    commands = stages() | _declared("COMMANDS") | {"all-but": "app.__main__:run_all_but"}
    if name not in commands:
        raise ConfigError(f"usage: python -m app COMMAND, one of {', '.join(commands)}")
    for check in _declared("CHECKS").values():
        resolve_name(check)()
    function = _resolve(commands[name])
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        takes = " ".join(map(str, signature.parameters.values())) or "nothing more"
        raise ConfigError(f"{name} {' '.join(rest)}: {error}; {name} takes: {takes}.") from None
    function(*arguments, **options)


def run_all_but(*left_out: str, **facts: str) -> None:
    """Run all stages in order but those named; raises `AppError`.

    A stage takes by name what it asks for of the facts, such as `version`, and may add some.
    """
    if unknown := sorted(set(left_out) - set(stages())):
        raise ConfigError(f"all-but {' '.join(unknown)}: the stages are {', '.join(stages())}.")
    for name in [name for name in stages() if name not in left_out]:
        stage, started = _resolve(stages()[name]), time.perf_counter()
        _log.info("\n--- %s", name)
        asked = inspect.signature(stage).parameters
        facts |= stage(**{n: fact for n, fact in facts.items() if n in asked}) or {}
        _log.info("    took %.1f s", time.perf_counter() - started)


def guarded(action: Callable[[], None]) -> None:
    """Run an action; an error is printed in sentences, and ends the process with its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        if Path("variants").is_dir():
            raise AppError(
                "this project was generated without its hooks: `variants/` still holds the parts "
                "that were not chosen, .cruft.json and the git repository are missing. "
                "Generate it again and accept the hooks (they use only Python and git)."
            )
        action()
    except AppError as error:
        print(error.listed(), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


def _resolve(door: str) -> Any:
    """Import what a door names; what Python says of a file that cannot be is told in a sentence."""
    try:
        return resolve_name(door)
    except Exception as error:
        raise ConfigError(f"{door}: {type(error).__name__}: {error}. Mend this first.") from error


def _declared(kind: str) -> dict[str, str]:
    rooms = {room: getattr(import_module(f"app.{room}"), kind, {}) for room in ROOMS}
    return {n: f"app.{room}.{door}" for room, doors in rooms.items() for n, door in doors.items()}


if __name__ == "__main__":
    main()
