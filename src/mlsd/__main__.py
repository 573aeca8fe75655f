"""The command `mlsd`: the course's tools, for a project made from the template."""

import argparse
import os
import sys
from pathlib import Path

from mlsd import course, doctor, explain, github, milestone, progress, score
from mlsd.project import CourseError


def main() -> None:
    """Run the tool that is named on the command line; the exit code is 0 if all is well."""
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
    tool = tools.add_parser("issues", help="an issue per workpackage; prints, unless --create")
    what = tool.add_mutually_exclusive_group()
    what.add_argument("--create", action="store_true", help="open them by gh")
    what.add_argument("--dry-run", action="store_true", help="only print them, as without --create")
    try:
        code = _run(parser.parse_args())
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(asked: argparse.Namespace) -> int:
    if asked.tool == "milestone":
        return milestone.main(Path.cwd(), asked.number, asked.open)
    if asked.tool == "score":
        return score.main(Path.cwd())
    if asked.tool == "issues":
        return _issues(Path.cwd(), asked.create)
    if asked.tool == "progress":
        return progress.main(Path.cwd(), asked.milestone, asked.sprint, asked.form or "text")
    if asked.error:
        return explain.tell(" ".join(asked.error))
    return doctor.examine(Path.cwd(), asked.env)


def _issues(folder: Path, really: bool) -> int:
    try:
        count = github.open_issues(github.Gh(str(folder), really), course.read(folder))
    except CourseError as error:
        print(f"issues cannot be opened: {error}")
        return 2
    told = "are opened" if really else "at most would be opened; --create opens those that lack"
    print(f"{count} issues {told}")
    return 0


if __name__ == "__main__":
    main()
