"""The command `mlsd`: `mlsd doctor` examines, `mlsd doctor "<error>"` explains."""

import argparse
import sys
from pathlib import Path

from mlsd import doctor, explain


def main() -> None:
    """Run the tool that is named on the command line; the exit code is 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="mlsd", description=__doc__)
    tools = parser.add_subparsers(required=True, metavar="TOOL")
    tool = tools.add_parser("doctor", help="who am I, which project, what is missing")
    tool.add_argument("error", nargs="*", help="an error message, to be explained")
    tool.add_argument("--env", choices=("dev", "tst", "acc", "prd"), help="instead of APP_ENV")
    asked = parser.parse_args()
    if asked.error:
        sys.exit(explain.tell(" ".join(asked.error)))
    sys.exit(doctor.examine(Path.cwd(), asked.env))


if __name__ == "__main__":
    main()
