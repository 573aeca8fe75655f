"""GitHub by its command `gh`: what it would do is printed, and done only if asked for."""

import json
import shlex
import shutil
import subprocess
from typing import Any

from mlsd.course import Course, Workpackage
from mlsd.project import CourseError

_LABEL = "workpackage"
_LABELS = {_LABEL: "A workpackage of the course", "optional": "May be left out"}


class Gh:
    """Runs `gh` in a project's folder, or only prints its commands."""

    def __init__(self, folder: str, really: bool) -> None:
        self._folder, self._really = folder, really

    def do(self, *arguments: str) -> str:
        """Print a command, and run it if this is no rehearsal; give what it answers.

        A failure ends the tool.
        """
        print(f"$ {shlex.join(['gh', *arguments])}", flush=True)
        return self._run(*arguments).strip() if self._really else ""

    def ask(self, *arguments: str) -> Any:
        """Give what a command answers as JSON; a rehearsal asks nobody and knows of nothing."""
        return json.loads(self._run(*arguments) or "[]") if self._really else []

    def _run(self, *arguments: str) -> str:
        program = shutil.which("gh")
        if program is None:
            raise CourseError(
                "gh is not installed: see https://cli.github.com, or type the commands' meaning "
                "into GitHub's pages."
            )
        done = subprocess.run(
            [program, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise CourseError(f"gh {arguments[0]} {arguments[1]}: {done.stderr.strip()}")
        return done.stdout


def open_issues(gh: Gh, course: Course) -> int:
    """Open an issue for each chosen workpackage that has none, and a milestone for each sprint.

    Safe to run twice: what is there, open or closed, is left alone. Gives how many were opened.
    """
    chosen = [one for one in course.workpackages if not one.not_chosen]
    sprints = sorted({one.sprint for one in chosen})
    known = {one["title"] for one in gh.ask("api", "repos/{owner}/{repo}/milestones?state=all")}
    for title in (_sprint(number) for number in sprints):
        if title not in known:
            gh.do("api", "repos/{owner}/{repo}/milestones", "-f", f"title={title}")
    for label, about in _LABELS.items():
        gh.do("label", "create", label, "--force", "--description", about)
    listed = ("issue", "list", "--state", "all", "--label", _LABEL, "--limit", "200")
    there = {one["title"] for one in gh.ask(*listed, "--json", "title")}
    missing = [one for one in chosen if _title(one) not in there]
    for one in missing:
        labels = [_LABEL, *(["optional"] if one.optional else [])]
        gh.do(
            *("issue", "create", "--title", _title(one), "--body", _body(one)),
            *("--label", ",".join(labels), "--milestone", _sprint(one.sprint)),
        )
    return len(missing)


def _sprint(number: int) -> str:
    return f"Sprint {number}"


def _title(one: Workpackage) -> str:
    return f"WP {one.number}: {one.title}"


def _body(one: Workpackage) -> str:
    brought = [f"`{path}`" for path in one.ready]
    brought += [f"`uv run poe {task}`" for task in one.commands]
    ready = "\n".join(f"- {name}" for name in brought)
    return (
        f"{one.text}\n\n**Shown by:** {one.evidence}.\n\n**Due:** milestone {one.milestone}.\n\n"
        f"The template brings:\n\n{ready}\n\n`uv run poe progress` says what is missing.\n"
    )
