"""The command `mlsd`: the course's tools, for a project made from the template."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from mlsd import course, doctor, evidence, explain, github, milestone, progress, rooms, score
from mlsd.project import CourseError


def main() -> None:
    """Run the tool that is named on the command line; the exit code is 0 if all is well."""
    try:
        code = _run(_parser().parse_args())
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    """Describe the tools and their options."""
    parser = argparse.ArgumentParser(prog="mlsd", description=__doc__)
    tools = parser.add_subparsers(required=True, metavar="TOOL", dest="tool")
    tool = tools.add_parser("doctor", help="who am I, which project, what is missing")
    tool.add_argument("error", nargs="*", help="an error message, to be explained")
    tool.add_argument("--env", choices=("dev", "tst", "acc", "prd"), help="instead of APP_ENV")
    tool = tools.add_parser("progress", help="how far the workpackages are")
    tool.add_argument("--milestone", type=int, help="only those of a milestone")
    tool.add_argument("--sprint", type=int, help="only those of a sprint")
    forms = tool.add_mutually_exclusive_group()
    forms.add_argument("--markdown", dest="form", action="store_const", const="markdown")
    forms.add_argument("--write", dest="form", action="store_const", const="write")
    tool = tools.add_parser("milestone", help="hand in a milestone; prints, unless --open")
    tool.add_argument("number", type=int)
    tool.add_argument("--open", action="store_true", help="open the pull request by gh")
    tools.add_parser("score", help="the ML Test Score, from evidence")
    tool = tools.add_parser("rooms", help="the rooms of src/app, their lines, who imports whom")
    tool.add_argument("--markdown", action="store_true", help="as a table and a drawing for a page")
    tools.add_parser("convert", help="bring stored records of an older format to today's")
    tool = tools.add_parser("alarms", help="how often the monitor alarms, changed or not")
    tool.add_argument("windows", nargs="?", default="200", help="how many to draw, 200 unless told")
    tool = tools.add_parser("issues", help="an issue per workpackage; prints, unless --create")
    what = tool.add_mutually_exclusive_group()
    what.add_argument("--create", action="store_true", help="open them by gh")
    what.add_argument("--dry-run", action="store_true", help="only print them, as without --create")
    return parser


def _run(asked: argparse.Namespace) -> int:
    here = Path.cwd()
    tools: dict[str, Callable[[], int]] = {
        "milestone": lambda: milestone.main(here, asked.number, asked.open),
        "score": lambda: score.main(here),
        "issues": lambda: _issues(here, asked.create),
        "progress": lambda: progress.main(
            here, asked.milestone, asked.sprint, asked.form or "text"
        ),
        "rooms": lambda: rooms.main(here, asked.markdown),
        "convert": lambda: evidence.run_in(here, "convert_records.py"),
        "alarms": lambda: evidence.run_in(here, "alarms.py", asked.windows),
        "doctor": lambda: _doctor(here, " ".join(asked.error), asked.env),
    }
    return tools[asked.tool]()


def _doctor(folder: Path, error: str, env: str | None) -> int:
    return explain.tell(error) if error else doctor.examine(folder, env)


def _issues(folder: Path, really: bool) -> int:
    try:
        count = github.open_issues(github.Gh(str(folder), really), course.read(folder))
    except CourseError as error:
        print(f"issues cannot be opened: {error}")
        return 2
    action = "are opened" if really else "at most would be opened; --create opens those that lack"
    print(f"{count} issues {action}")
    return 0


if __name__ == "__main__":
    main()
