"""The command line: `python -m app <stage>`; `uv run poe` lists the stages."""

import argparse
import importlib
import logging
import sys
from pathlib import Path

from app.errors import AppError

_STAGES = {
    "data": "app.data:main",
    "eda": "app.eda:main",
    "train": "app.train:main",
    "evaluate": "app.evaluate:main",
    "promote": "app.registry:promote",
    "rollback": "app.registry:rollback",
    "batch": "app.batch:main",
    "api": "app.api.serve:main",
    "dashboard": "app.dashboard.serve:main",
    "demo": "app.demo:main",
}


def main() -> None:
    """Run one stage; an error is told in sentences, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="app", description=__doc__)
    parser.add_argument("stage", choices=_STAGES)
    parser.add_argument("--once", action="store_true", help="demo: stop after the prediction")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    module, function = _STAGES[arguments.stage].split(":")
    options = {"once": True} if arguments.once else {}
    try:
        _require_whole_project()
        getattr(importlib.import_module(module), function)(**options)
    except AppError as error:
        sys.exit("\n".join(["", f"{arguments.stage} stopped:", *(f"- {p}" for p in error.problems)]))
    except KeyboardInterrupt:
        sys.exit("stopped")


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
