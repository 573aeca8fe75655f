"""Show how far a team is with each workpackage: what is expected, what is seen, what is next."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mlsd import course, evidence
from mlsd.course import Course, Workpackage
from mlsd.evidence import Finding
from mlsd.project import CourseError, Project

MARKS = ("<!-- workpackages: `uv run poe progress --write` -->", "<!-- end of workpackages -->")
DONE = ("done", "not chosen")
_WHERE = "README.md"


class State(NamedTuple):
    """A workpackage, how far it is, and the findings about it."""

    workpackage: Workpackage
    word: str
    findings: list[Finding]


def main(folder: Path, milestone: int | None, sprint: int | None, form: str) -> int:
    """Print the progress as a `text` or in `markdown`, or `write` it into the README.

    The exit code is 0 if every workpackage that was asked for is done, optional, or left out with
    a reason. It is 2 if the progress cannot be computed, else 1.
    """
    try:
        course_year = course.read(folder)
        states = [
            judge(Project(folder), workpackage)
            for workpackage in course_year.workpackages
            if milestone in (None, workpackage.milestone) and sprint in (None, workpackage.sprint)
        ]
        if not states:
            raise CourseError("no workpackage is in that milestone and sprint.")
        if form == "write":
            write(folder, states)
        else:
            print(to_markdown(states) if form == "markdown" else to_text(course_year, states))
    except CourseError as error:
        print(f"progress cannot be told: {error}")
        return 2
    return int(any(is_open(state) for state in states))


def judge(project: Project, workpackage: Workpackage) -> State:
    """Look at what a workpackage asks for."""
    if workpackage.not_chosen:
        return State(workpackage, "not chosen", [])
    gone = [path for path in workpackage.ready if not (project.folder / path).exists()]
    if gone:
        lost = Finding(
            False, gone[0], "absent", gone[0], "bring it back, or say why it is not chosen"
        )
        return State(workpackage, "broken", [lost])
    findings = [evidence.look(project, wanted) for wanted in workpackage.done]
    right = sum(finding.right for finding in findings)
    word = "done" if right == len(findings) else "begun" if right else "not started"
    return State(workpackage, word, findings)


def is_open(state: State) -> bool:
    """Say whether something is still to be done for a grade."""
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
            "The machinery of every workpackage is in place unless it says `broken`;",
            "what is counted is what only you can do.",
        ]
    )


def _lines(state: State) -> Iterable[str]:
    workpackage = state.workpackage
    mark = " (optional)" if workpackage.optional else ""
    yield f"  {workpackage.number}  {state.word:12} {workpackage.title}{mark}"
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
        where = ", ".join(f"`{path}`" for path in workpackage.ready)
        commands = [f"`uv run poe {task}`" for task in workpackage.commands]
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
    inside = re.compile(re.escape(start) + ".*?" + re.escape(end), flags=re.DOTALL)
    if not inside.search(text):
        raise CourseError(f"{path} has no lines {start} and {end} for the table: add them.")
    table = f"{start}\n{to_markdown(states)}\n{end}"
    path.write_text(inside.sub(lambda _: table, text), encoding="utf-8", newline="\n")
    print(f"the table of workpackages is written into {path}")
