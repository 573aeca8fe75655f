"""Hand in a milestone: what is missing, the pull request's text, the e-mail, the commands."""

from pathlib import Path

from mlsd import course, progress
from mlsd.course import Course, CourseError, Milestone
from mlsd.github import Gh
from mlsd.progress import DONE, State
from mlsd.project import Project

TEXT = "local/milestone-{}.md"


def main(folder: Path, number: int, really: bool) -> int:
    """Say what is missing, write the text, and print the commands, or run them if `really`.

    Nothing is opened while something is missing. The exit code is then 1.
    """
    try:
        known, project = course.read(folder), Project(folder)
        if number not in known.milestones:
            raise CourseError(
                f"there is no milestone {number}: {', '.join(map(str, known.milestones))}."
            )
        due = [one for one in known.workpackages if one.milestone <= number]
        states = [progress.judge(project, one) for one in due]
        missing = _missing(project, known, states, number)
        path = folder / TEXT.format(number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(describe(project, known.milestones[number], states), encoding="utf-8")
        _tell(missing, path, known, number)
        if missing and really:
            return 1
        _open(Gh(str(folder), really), known, known.milestones[number], path)
    except CourseError as error:
        print(f"the milestone cannot be handed in: {error}")
        return 2
    return int(bool(missing))


def _missing(project: Project, known: Course, states: list[State], number: int) -> list[str]:
    """Give a sentence for each thing that the staff would miss."""
    found = [
        f"{state.workpackage.number} {state.workpackage.title} is {state.word}: "
        "`uv run poe progress` says what is next."
        for state in states
        if progress.is_open(state)
    ]
    found += _slides(project, f"slides/milestone_{number}.pdf")
    if not known.reviewers:
        found.append(f"{course.FILE} names no reviewers: ask the staff for their GitHub names.")
    if not known.emails:
        found.append(f"{course.FILE} names no e-mail addresses of the staff.")
    if project.git("status", "--porcelain"):
        found.append("some changes are not committed: `git status` shows them.")
    return found


def _slides(project: Project, path: str) -> list[str]:
    file = project.folder / path
    if not file.is_file():
        return [f"{path} is absent: commit your slides there."]
    if not file.read_bytes().startswith(b"%PDF-"):
        return [f"{path} is no PDF: export your slides as one."]
    return [] if project.git("ls-files", path) else [f"{path} is not committed."]


def describe(project: Project, milestone: Milestone, states: list[State]) -> str:
    """Write the text of the pull request, from what is there."""
    finished = [state for state in states if state.word == "done"]
    looked_at = dict.fromkeys(found.where for state in finished for found in state.found)
    new = project.git("log", "--first-parent", "--format=- %s", "main..develop").strip()
    left = [state for state in states if state.word not in DONE]
    return f"""# Milestone {milestone.number}: {milestone.title}

Asked for: {milestone.asks}.

## What is implemented

{progress.to_markdown(states)}

## What is new since the last milestone

{new or "- nothing is on develop that is not on main"}

## What to look at

{chr(10).join(f"- `{path}`" for path in looked_at) or "- nothing yet"}

## How to test it

```
pip install uv
uv run poe demo
uv run poe test
```

## What is not done

{chr(10).join(map(_item, left)) or "- nothing"}
"""


def _item(state: State) -> str:
    return f"- {state.workpackage.number} {state.workpackage.title}: {state.word}"


def _tell(missing: list[str], path: Path, known: Course, number: int) -> None:
    milestone = known.milestones[number]
    print(f"Milestone {number}, {milestone.slots}: {milestone.title}")
    for problem in missing:
        print(f"missing: {problem}")
    print(
        f"\nThe text of the pull request is in local/{path.name}: read it, and mend what is not so."
    )
    print(
        f"\nE-mail to {', '.join(known.emails) or 'the staff'}:\n"
        f"  Subject: Milestone {number}\n"
        "  Hello, our pull request is LINK. Best regards"
    )
    if missing:
        print("\nNothing is opened while something is missing. These would be the commands:")


def _open(gh: Gh, known: Course, milestone: Milestone, path: Path) -> None:
    gh.do(
        *("pr", "create", "--base", "main", "--head", "develop"),
        *("--title", f"Milestone {milestone.number}: {milestone.title}"),
        *("--body-file", f"local/{path.name}"),
        *(part for name in known.reviewers for part in ("--reviewer", name)),
    )
