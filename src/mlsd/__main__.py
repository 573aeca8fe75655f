"""The command `mlsd`: the course's tools, for a project made from the template."""

import argparse
import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlsd import course, doctor, evidence, explain, github, milestone, progress, rooms, score
from mlsd.course_error import CourseError
from mlsd.engine import commands
from mlsd.project import Project


def main() -> None:
    """Run the tool that is named on the command line; the exit code is 0 if all is well."""
    for stream in (sys.stdout, sys.stderr):  # a pipe on Windows prints few signs
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(_parser().parse_args())
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
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
    tool = tools.add_parser("protect", help="protect main and develop, and let the staff in, by gh")
    tool.add_argument("--dry-run", action="store_true", help="only print it, as without gh")
    _add_changes(tools)
    return parser


def _add_changes(tools: Any) -> None:
    """Describe the commands that change a project."""
    tools.add_parser("parts", help="the parts that are here, those that could be, and their cost")
    tool = tools.add_parser("later", help="say in which sprint a command comes")
    tool.add_argument("sprint", type=int)
    changes = {
        "grow": "bring the next sprint, or all up to the one you name",
        "add": "add an optional part",
        "remove": "remove an optional part; what you wrote in it is kept",
        "answer": "give other answers: name=value",
        "update": "bring a newer template",
    }
    for name, about in changes.items():
        tool = tools.add_parser(name, help=about)
        tool.add_argument("words", nargs="*")
        way = tool.add_mutually_exclusive_group()
        way.add_argument("--dry-run", action="store_true", help="only say what would happen")
        way.add_argument("--continue", dest="go_on", action="store_true", help="after a conflict")
        way.add_argument("--abort", action="store_true", help="undo a change that is begun")
        tool.add_argument("--no-check", dest="check", action="store_false", help="do not test")
        tool.add_argument("--from", dest="made_from", default="", help="the commit it was made of")
    tool.add_argument("--to", default="", help="a commit, branch or tag instead of the newest")
    tool.add_argument("--answer", dest="answers", action="append", default=[])


def _run(asked: argparse.Namespace) -> int:
    here = Path.cwd()
    if asked.tool in ("grow", "add", "remove", "answer", "update"):
        return _change(here, asked)
    tools: dict[str, Callable[[], int]] = {
        "parts": lambda: commands.parts(here),
        "later": lambda: commands.later(asked.sprint),
        "milestone": lambda: milestone.main(here, asked.number, asked.open),
        "score": lambda: score.main(here),
        "issues": lambda: _issues(here, asked.create),
        "protect": lambda: _protect(here, asked.dry_run),
        "progress": lambda: progress.main(
            here, asked.milestone, asked.sprint, asked.form or "text"
        ),
        "rooms": lambda: rooms.main(here, asked.markdown),
        "convert": lambda: evidence.run_in(here, "convert_records.py"),
        "alarms": lambda: evidence.run_in(here, "alarms.py", asked.windows),
        "doctor": lambda: _doctor(here, " ".join(asked.error), asked.env),
    }
    return tools[asked.tool]()


def _change(folder: Path, asked: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(asked).items() if name not in ("tool", "words")}
    return commands.main(folder, asked.tool, asked.words, commands.Options(**given))


def _doctor(folder: Path, error: str, env: str | None) -> int:
    return explain.tell(error) if error else doctor.examine(folder, env)


def _issues(folder: Path, really: bool) -> int:
    try:
        gh = github.Gh(str(folder), really)
        count = github.open_issues(gh, course.read(folder), Project(folder))
    except CourseError as error:
        print(f"issues cannot be opened: {error}")
        return 2
    action = "are opened" if really else "at most would be opened; --create opens those that lack"
    print(f"{count} issues {action}")
    return 0


def _protect(folder: Path, rehearsal: bool) -> int:
    really = not rehearsal and shutil.which("gh") is not None
    try:
        course_year = course.read(folder)
        github.protect(github.Gh(str(folder), really), course_year.reviewers)
    except CourseError as error:
        print(f"the repository is not protected: {error}")
        return 2
    if not course_year.reviewers:
        print(f"to ask: the course year {course_year.year} names no reviewers: ask the staff.")
    if not really:
        print("Nothing was done. Run this with gh (https://cli.github.com), and without --dry-run.")
    return 0


if __name__ == "__main__":
    main()
