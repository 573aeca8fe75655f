"""The command line: `python -m app <stage>`; `uv run poe` lists the stages."""

import importlib
import inspect
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from app.errors import AppError, ConfigError

_STAGES = {
    "data": "data:main",
    "eda": "eda:main",
    "train": "train:main",
    "tune": "tune:main",
    "evaluate": "evaluate:main",
    "gate": "gate:main",
    "promote": "registry:promote",
    "deploy": "deploy:main",
    "rollback": "registry:rollback",
    "prune": "registry:prune",
    "runs": "runs:main",
    "diff": "runs:diff",
    "pipeline": "pipeline:main",
    "pipeline-if-new": "pipeline:if_new",
    "batch": "batch:main",
    "labels": "labels:main",
    "cards": "cards:main",
    "cards-check": "cards:check",
    "monitor": "monitor:main",
    "openapi": "api.spec:main",
    "openapi-check": "api.spec:check",
    "api": "serve:main",
}


def main() -> None:
    """Run the stage that is named on the command line."""
    if len(sys.argv) < 2 or sys.argv[1] not in _STAGES:
        sys.exit(f"usage: python -m app STAGE, where STAGE is one of {', '.join(_STAGES)}")
    guarded(lambda: run_stage(*sys.argv[1:]))


def run_stage(name: str, *arguments: str) -> None:
    """Import the module of a stage and run it; raises `AppError`."""
    module, function = _STAGES[name].split(":")
    door = getattr(importlib.import_module(f"app.{module}"), function)
    wanted = inspect.signature(door)
    try:
        wanted.bind(*arguments)
    except TypeError as error:
        takes = " ".join(str(one) for one in wanted.parameters.values()) or "nothing more"
        raise ConfigError(
            f"{name} {' '.join(arguments)}: {error}; {name} takes: {takes}."
        ) from None
    door(*arguments)


def guarded(action: Callable[[], None]) -> None:
    """Run an action; an error is told in sentences, and ends the process with its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        _require_whole_project()
        action()
    except AppError as error:
        print(error.told(), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


def _require_whole_project() -> None:
    """Refuse to run where generation was not finished."""
    if Path("variants").is_dir():
        raise AppError(
            "this project was generated without its hooks: `variants/` still holds the parts that "
            "were not chosen, .cruft.json and the git repository are missing. "
            "Generate it again and accept the hooks (they use only Python and git)."
        )


if __name__ == "__main__":
    main()
