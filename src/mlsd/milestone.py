"""Hand in a milestone: what is missing, the pull request's text, the e-mail, the commands."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from mlsd import course, keys, progress
from mlsd.course_error import CourseError
from mlsd.course_year import Course, Milestone
from mlsd.github import Gh
from mlsd.progress import State
from mlsd.project import Project

TEXT = "local/milestone-{}.md"


def main(folder: Path, number: int, really: bool) -> int:
    """Say what is missing, write the text, and print the commands, or run them if `really`.

    Nothing is opened while something is missing. The exit code is then 1.
    """
    try:
        course_year, project = course.read(folder), Project(folder)
        if number not in course_year.milestones:
            raise CourseError(
                f"there is no milestone {number}: {', '.join(map(str, course_year.milestones))}."
            )
        states = [
            progress.judge(project, workpackage)
            for workpackage in course_year.workpackages
            if workpackage.milestone <= number
        ]
        missing = _missing(project, states, number)
        path = folder / TEXT.format(number)
        path.parent.mkdir(exist_ok=True)
        text = describe(project, course_year.milestones[number], states)
        path.write_text(text, encoding="utf-8", newline="\n")
        _tell(missing, path, course_year, number)
        keys.warn(project)
        link = ""
        if not (missing and really):
            link = _open(Gh(str(folder), really), course_year, course_year.milestones[number], path)
        _tell_mail(project, course_year, number, link or "LINK")
    except CourseError as error:
        print(f"the milestone cannot be handed in: {error}")
        return 2
    return int(bool(missing))


def _missing(project: Project, states: list[State], number: int) -> list[str]:
    """Give a sentence for each thing that the staff would miss."""
    problems = [
        f"{_title(state)}: {state.word}; `uv run poe progress` says what is next."
        for state in states
        if progress.is_open(state)
    ]
    problems += _slides(project, f"slides/milestone_{number}.pdf")
    if project.git("status", "--porcelain"):
        problems.append("some changes are not committed: `git status` shows them.")
    return problems + _develop(project)


def _develop(project: Project) -> list[str]:
    """Say why the pull request would not hold the files that this tool looked at."""
    here = project.git("branch", "--show-current").strip()
    if here != "develop":
        return [f"you are on {here or 'no branch'}, and the pull request is of develop: switch."]
    if project.branch("develop") != "origin/develop":
        return ["develop is not on GitHub: `git push -u origin develop`."]
    count = project.git("rev-list", "--count", "origin/develop..develop").strip()
    return [] if count == "0" else [f"{count} commits of develop are not on GitHub: `git push`."]


def _slides(project: Project, path: str) -> list[str]:
    file = project.folder / path
    if not file.is_file():
        return [f"{path} is absent: commit your slides there."]
    if not file.read_bytes().startswith(b"%PDF-"):
        return [f"{path} is no PDF: export your slides as one."]
    return [] if project.git("ls-files", path) else [f"{path} is not committed."]


def describe(project: Project, milestone: Milestone, states: list[State]) -> str:
    """Write the text of the pull request from the states of the workpackages."""
    finished = [state for state in states if state.word == "done"]
    findings = [finding for state in finished for finding in state.findings]
    pages = [finding.where.partition(" under ")[0] for finding in findings]
    looked_at = dict.fromkeys(page for page in pages if (project.folder / page).is_file())
    left = [_left(state) for state in states if state.word != "done"]
    return f"""# Milestone {milestone.number}: {milestone.title}

Asked for: {milestone.asks}.

## What is implemented

{_list(map(_implemented, finished))}

## What is new since the last milestone

{_new(project)}

## What to look at

{_list(f"`{page}`" for page in looked_at)}

## How to test it

```
pip install uv
uv run poe demo
uv run poe test
```

## What is not done

{_list(left)}
"""


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- nothing"


def _implemented(state: State) -> str:
    seen = "; ".join(f"{finding.seen} in {finding.where}" for finding in state.findings)
    how = ", ".join(f"`uv run poe {task}`" for task in state.workpackage.commands)
    see = f". See it by {how}" if how else ""
    return f"**{_title(state)}**: {seen}{see}"


def _left(state: State) -> str:
    reason = state.workpackage.not_chosen
    why = f", because {reason}" if reason else ""
    return f"{_title(state)}: {state.word}{why}"


def _title(state: State) -> str:
    return f"{state.workpackage.number} {state.workpackage.title}"


def _new(project: Project) -> str:
    old, new = project.branch("main"), project.branch("develop")
    if not (old and new):
        return f"- cannot be told: git does not know {'develop' if old else 'main'} here"
    log = project.git("log", "--first-parent", "--format=- %s", f"{old}..{new}").strip()
    return log or f"- nothing is on {new} that is not on {old}"


def _tell(missing: list[str], path: Path, course_year: Course, number: int) -> None:
    milestone = course_year.milestones[number]
    days = (milestone.when - date.today()).days
    when = f"in {days} days" if days >= 0 else f"{-days} days ago"
    print(f"Milestone {number}, {milestone.slots} ({when}): {milestone.title}")
    for problem in missing:
        print(f"missing: {problem}")
    for what, names in (("reviewers", course_year.reviewers), ("e-mails", course_year.emails)):
        if not names:
            print(f"to ask: the course year {course_year.year} names no {what}: ask the staff.")
    print("\nNo tool sees these; look yourselves:")
    for rule in course_year.rules:
        print(f"- {rule}")
    print(f"\nThe pull request's text is in local/{path.name}: read it, mend what is not so.")
    if missing:
        print("Nothing is opened while something is missing.")


def _tell_mail(project: Project, course_year: Course, number: int, link: str) -> None:
    name, team = (project.answers.get(question, "?") for question in ("project_name", "team_name"))
    print(
        f"\nE-mail to {', '.join(course_year.emails) or 'the staff'}:\n"
        f"  Subject: Milestone {number} of {name}, {team}\n"
        f"  Hello, the pull request of {team} for milestone {number} of {name} is {link}"
    )


def _open(gh: Gh, course_year: Course, milestone: Milestone, path: Path) -> str:
    return gh.do(
        *("pr", "create", "--base", "main", "--head", "develop"),
        *("--title", f"Milestone {milestone.number}: {milestone.title}"),
        *("--body-file", f"local/{path.name}"),
        *(part for name in course_year.reviewers for part in ("--reviewer", name)),
    )
