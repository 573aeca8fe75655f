"""Show how far a team is with each workpackage: what is expected, what is seen, what is next."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mlsd import course, evidence, keys
from mlsd.course_error import CourseError
from mlsd.course_year import Course, Workpackage
from mlsd.evidence import Finding
from mlsd.project import Project

MARKS = ("<!-- workpackages: `uv run poe progress --write` -->", "<!-- end of workpackages -->")
DONE = ("done", "not chosen")
_WHERE = "README.md"


class Brought(NamedTuple):
    """What a workpackage has of the template: what is here, comes with a sprint, or was deleted."""

    here: list[str]
    to_come: list[str]
    deleted: list[str]


class State(NamedTuple):
    """A workpackage, what the template brought for it, how far it is, the findings about it."""

    workpackage: Workpackage
    brought: Brought
    word: str
    findings: list[Finding]


def main(folder: Path, milestone: int | None, sprint: int | None, form: str) -> int:
    """Print the progress as a `text` or in `markdown`, or `write` it into the README.

    The exit code is 0 if every workpackage that was asked for is done, optional, or left out with
    a reason. Those whose part is still to come are asked for by their milestone or sprint only. The
    code is 2 if the progress cannot be computed, else 1.
    """
    try:
        course_year, project = course.read(folder), Project(folder)
        states = [
            judge(project, workpackage)
            for workpackage in course_year.workpackages
            if milestone in (None, workpackage.milestone) and sprint in (None, workpackage.sprint)
        ]
        if not states:
            raise CourseError("no workpackage is in that milestone and sprint.")
        if form == "write":
            write(folder, states)
        else:
            print(to_markdown(states) if form == "markdown" else to_text(course_year, states))
        keys.warn(project)
    except CourseError as error:
        print(f"progress cannot be told: {error}")
        return 2
    to_come = milestone is not None or sprint is not None
    return int(any(is_open(state, to_come=to_come) for state in states))


def judge(project: Project, workpackage: Workpackage) -> State:
    """Look at what a workpackage asks for."""
    brought = look_for_parts(project, workpackage)
    if workpackage.not_chosen:
        return State(workpackage, brought, "not chosen", [])
    for path in brought.deleted:
        step = "bring it back, or say why the workpackage is not chosen"
        lost = Finding(False, path, "deleted", path, step)
        return State(workpackage, brought, "broken", [lost])
    if brought.to_come:
        (path, *_), step = brought.to_come, "when its sprint begins: `uv run poe grow`"
        part = Finding(False, path, "not here yet", path, step)
        return State(workpackage, brought, comes(workpackage.sprint), [part])
    findings = [evidence.look(project, wanted) for wanted in workpackage.done]
    right = sum(finding.right for finding in findings)
    word = "done" if right == len(findings) else "begun" if right else "not started"
    return State(workpackage, brought, word, findings)


def look_for_parts(project: Project, workpackage: Workpackage) -> Brought:
    """Look for what the template brings; a file that the team moved is here, under its new name."""
    absent = [path for path in workpackage.ready if not project.exists(path)]
    return Brought(
        here=[project.where(path) for path in workpackage.ready if path not in absent],
        to_come=[path for path in absent if not project.generates(path)],
        deleted=[path for path in absent if project.generates(path)],
    )


def comes(sprint: int) -> str:
    """Say when a part comes that a project does not have yet."""
    return f"comes in sprint {sprint}"


def is_open(state: State, to_come: bool = True) -> bool:
    """Say whether something is still to be done for a grade; `to_come`: also what comes later."""
    if state.word == comes(state.workpackage.sprint) and not to_come:
        return False
    return state.word not in DONE and not state.workpackage.optional


def to_text(course_year: Course, states: list[State]) -> str:
    """Write the states for a terminal, one milestone after the other."""
    lines = []
    for number, milestone in course_year.milestones.items():
        own = [state for state in states if state.workpackage.milestone == number]
        if own:
            finished = sum(state.word in DONE for state in own)
            lines.append(
                f"\nMilestone {number}, {milestone.when}: {milestone.title} "
                f"({finished} of {len(own)} done)"
            )
            lines += [line for state in own for line in _lines(state)]
    return "\n".join(
        [
            *lines,
            "",
            "What the template brings is in place, unless it says `broken` or when it comes.",
            "What is counted is what only you can do.",
        ]
    )


def _lines(state: State) -> Iterable[str]:
    workpackage = state.workpackage
    mark = ", optional" if workpackage.optional else ""
    about = f"{workpackage.title} (week {workpackage.week}{mark})"
    yield f"  {workpackage.number}  {state.word:17} {about}"
    details = [f"because: {workpackage.not_chosen}"] if workpackage.not_chosen else []
    for finding in state.findings:
        if finding.right:
            details.append(f"there: {finding.seen}, in {finding.where}")
        else:
            details.append(f"expected {finding.expected}, found {finding.seen}, in {finding.where}")
            details.append(f"next: {finding.next_step}")
    for line in details:
        yield from wrapped(line)


def wrapped(line: str) -> list[str]:
    """Break a line for a terminal of 80 characters, below a title."""
    first, rest = " " * 9, " " * 11
    return textwrap.wrap(
        line, 80, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def to_markdown(states: list[State]) -> str:
    """Write the states as a table for readers who do not run anything."""
    rows = ["| WP | what | where | how to see it | state |", "|---|---|---|---|---|"]
    for state in states:
        workpackage = state.workpackage
        where = ", ".join(f"`{path}`" for path in state.brought.here)
        tasks = [] if state.brought.to_come else workpackage.commands
        commands = [f"`uv run poe {task}`" for task in tasks]
        how = "; ".join([workpackage.evidence, *commands])
        mark = " (optional)" if workpackage.optional else ""
        word = f"not chosen: {workpackage.not_chosen}" if workpackage.not_chosen else state.word
        cells = (f"{workpackage.number}{mark}", workpackage.title, where, how, word)
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(rows)


def write(folder: Path, states: list[State]) -> None:
    """Put the table into the README, between its marks."""
    path = folder / _WHERE
    start, end = MARKS
    text = path.read_text(encoding="utf-8")
    first, last = re.escape(start), re.escape(end)  # a description may hold the first one as well
    inside = re.compile(f"{first}(?:(?!{first}).)*?{last}", flags=re.DOTALL)
    if not inside.search(text):
        raise CourseError(f"{path} has no lines {start} and {end} for the table: add them.")
    table = f"{start}\n{to_markdown(states)}\n{end}"
    path.write_text(inside.sub(lambda _: table, text), encoding="utf-8", newline="\n")
    print(f"the table of workpackages is written into {path}")
