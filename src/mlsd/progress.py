"""How far a team is: per workpackage what is expected, what was found, where, and what is next."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mlsd import course, evidence
from mlsd.course import Course, Workpackage
from mlsd.evidence import Found
from mlsd.project import CourseError, Project

MARKS = ("<!-- workpackages: `uv run poe progress --write` -->", "<!-- end of workpackages -->")
DONE = ("done", "not chosen")
_WHERE = "README.md"


class State(NamedTuple):
    """A workpackage, how far it is, and what was found for it."""

    workpackage: Workpackage
    word: str
    found: list[Found]


def main(folder: Path, milestone: int | None, sprint: int | None, form: str) -> int:
    """Print the progress as a `text` or in `markdown`, or `write` it into the README.

    The exit code is 0 if every workpackage that was asked for is done, left out with a reason, or
    optional; 2 if that cannot be said; else 1.
    """
    try:
        known = course.read(folder)
        states = [
            judge(Project(folder), one)
            for one in known.workpackages
            if milestone in (None, one.milestone) and sprint in (None, one.sprint)
        ]
        if not states:
            raise CourseError("no workpackage is in that milestone and sprint.")
        if form == "write":
            write(folder, states)
        else:
            print(to_markdown(states) if form == "markdown" else to_text(known, states))
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
        lost = Found(
            False, gone[0], "absent", gone[0], "bring it back, or say why it is not chosen"
        )
        return State(workpackage, "broken", [lost])
    found = [evidence.look(project, wanted) for wanted in workpackage.done]
    right = sum(one.right for one in found)
    word = "done" if right == len(found) else "begun" if right else "not started"
    return State(workpackage, word, found)


def is_open(state: State) -> bool:
    """Say whether something is still to be done for a grade."""
    return state.word not in DONE and not state.workpackage.optional


def to_text(known: Course, states: list[State]) -> str:
    """Tell the states on a terminal, milestone after milestone."""
    lines = []
    for number, milestone in known.milestones.items():
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
    one = state.workpackage
    mark = " (optional)" if one.optional else ""
    yield f"  {one.number}  {state.word:12} {one.title}{mark}"
    told = [f"because: {one.not_chosen}"] if one.not_chosen else []
    for found in state.found:
        if found.right:
            told.append(f"there: {found.found}, in {found.where}")
        else:
            told.append(f"expected {found.expected}, found {found.found}, in {found.where}")
            told.append(f"next: {found.next_step}")
    for line in told:
        yield from wrapped(line)


def wrapped(line: str) -> list[str]:
    """Break a line for a terminal of 80 characters, below a title."""
    first, rest = " " * 9, " " * 11
    return textwrap.wrap(
        line, 80, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def to_markdown(states: list[State]) -> str:
    """Tell the states as a table for readers who do not run anything."""
    rows = ["| WP | what | where | how to see it | state |", "|---|---|---|---|---|"]
    for state in states:
        one = state.workpackage
        where = ", ".join(f"`{path}`" for path in one.ready)
        how = "; ".join([one.evidence, *(f"`uv run poe {task}`" for task in one.commands)])
        mark = " (optional)" if one.optional else ""
        word = f"not chosen: {one.not_chosen}" if one.not_chosen else state.word
        cells = (f"{one.number}{mark}", one.title, where, how, word)
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
