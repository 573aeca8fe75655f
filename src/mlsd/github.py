"""Use GitHub by its command `gh`. Each command is printed, and runs only if asked for."""

import json
import shlex
import shutil
import subprocess
from typing import Any

from mlsd.course_error import CourseError
from mlsd.course_year import Course, Workpackage
from mlsd.progress import Brought, look_for_parts
from mlsd.project import Project

_LABEL = "workpackage"
_CHECKS = {"develop": ["All of CI"], "main": ["All of CI", "From develop"]}
"""For each long branch: the jobs of the workflows that must be green before a merge."""

_REPOSITORY = "repos/{owner}/{repo}"  # `gh` fills both in
_LABELS = {_LABEL: "A workpackage of the course", "optional": "May be left out"}


class Gh:
    """Runs `gh` in a project's folder, or only prints its commands."""

    def __init__(self, folder: str, really: bool) -> None:
        self._folder, self._really = folder, really

    def do(self, *arguments: str) -> str:
        """Print a command, and run it unless this is a rehearsal. Give what it prints.

        A failure ends the tool.
        """
        print(f"$ {shlex.join(['gh', *arguments])}", flush=True)
        return self._run(*arguments).strip() if self._really else ""

    def ask(self, *arguments: str) -> Any:
        """Give the JSON that a command prints. A rehearsal runs nothing and gives an empty list."""
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


def open_issues(gh: Gh, course: Course, project: Project) -> int:
    """Open an issue for each chosen workpackage that has none, and a milestone for each sprint.

    A second run is safe: it leaves open and closed issues as they are. Gives the number of issues
    that were missing.
    """
    chosen = [workpackage for workpackage in course.workpackages if not workpackage.not_chosen]
    sprints = sorted({workpackage.sprint for workpackage in chosen})
    milestones = gh.ask("api", "repos/{owner}/{repo}/milestones?state=all")
    milestone_titles = {milestone["title"] for milestone in milestones}
    for title in (_sprint(number) for number in sprints):
        if title not in milestone_titles:
            gh.do("api", "repos/{owner}/{repo}/milestones", "-f", f"title={title}")
    for label, about in _LABELS.items():
        gh.do("label", "create", label, "--force", "--description", about)
    listed = ("issue", "list", "--state", "all", "--label", _LABEL, "--limit", "200")
    issue_titles = {issue["title"] for issue in gh.ask(*listed, "--json", "title")}
    missing = [workpackage for workpackage in chosen if _title(workpackage) not in issue_titles]
    for workpackage in missing:
        labels = [_LABEL, *(["optional"] if workpackage.optional else [])]
        gh.do(
            *("issue", "create", "--title", _title(workpackage)),
            *("--body", _body(workpackage, look_for_parts(project, workpackage))),
            *("--label", ",".join(labels), "--milestone", _sprint(workpackage.sprint)),
        )
    return len(missing)


def protect(gh: Gh, reviewers: list[str]) -> None:
    """Give the staff access, make develop the default branch, and protect both long branches.

    A second run changes nothing.
    """
    for name in reviewers:
        place = f"{_REPOSITORY}/collaborators/{name}"
        gh.do("api", place, "--method", "PUT", "-f", "permission=pull")
    gh.do("repo", "edit", "--default-branch", "develop")
    for branch, checks in _CHECKS.items():
        rules = ["required_status_checks[strict]=false", "enforce_admins=true", "restrictions=null"]
        rules.append("required_pull_request_reviews[required_approving_review_count]=1")
        fields = [part for rule in rules for part in ("-F", rule)]
        for check in checks:
            fields += ["-f", f"required_status_checks[contexts][]={check}"]
        place = f"{_REPOSITORY}/branches/{branch}/protection"
        gh.do("api", place, "--method", "PUT", *fields)


def _sprint(number: int) -> str:
    return f"Sprint {number}"


def _title(workpackage: Workpackage) -> str:
    return f"WP {workpackage.number}: {workpackage.title}"


def _body(workpackage: Workpackage, brought: Brought) -> str:
    names = [f"`{path}`" for path in brought.here]
    names += [f"`uv run poe {task}`" for task in workpackage.commands if not brought.to_come]
    names += ["the rest, in its sprint: `uv run poe grow`"] if brought.to_come else []
    ready = "\n".join(f"- {name}" for name in names)
    return (
        f"{workpackage.text}\n\n**Shown by:** {workpackage.evidence}.\n\n"
        f"**Due:** week {workpackage.week}; shown at milestone {workpackage.milestone}.\n\n"
        f"The template brings:\n\n{ready}\n\n`uv run poe progress` says what is missing.\n"
    )
