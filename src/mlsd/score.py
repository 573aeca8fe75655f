"""Compute the ML Test Score of a project from evidence: 28 points, of which each section has 7.

The section with the fewest points is the score. Breck et al., "The ML Test Score" (2017), give
half a point for a test that was done by hand and written down. They give a whole point for a test
that is automated and repeated.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mlsd import evidence, rooms
from mlsd.course_error import CourseError
from mlsd.progress import comes, wrapped
from mlsd.project import Project

SECTIONS = {"D": "data", "M": "model", "I": "infrastructure", "O": "operation"}
EXAMPLE = "data/sample.csv"
CARD = "docs/MODEL_CARD.md"
_MEANING = (
    (0, "a research project"),
    (1, "serious holes"),
    (2, "a first pass"),
    (3, "reasonably tested"),
    (5, "strong"),
    (7, "exceptional"),
)


class Score(NamedTuple):
    """A test with its points, what is missing, and whether only the example earned them."""

    id: str
    name: str
    points: float
    missing: list[str]
    of_example: bool
    next_step: str


def main(folder: Path) -> int:
    """Print the points. The exit code is 0, or 2 if the points cannot be computed."""
    project = Project(folder)
    try:
        if not project.answers:
            raise CourseError(f"{folder} has no .cruft.json: go to your project's folder.")
        print(to_text(compute(project)))
    except CourseError as error:
        print(f"the score cannot be told: {error}")
        return 2
    return 0


def compute(project: Project) -> list[Score]:
    """Give the points of each test."""
    rows = tomllib.loads(files("mlsd").joinpath("score.toml").read_text(encoding="utf-8"))["tests"]
    example = not evidence.changed(project, EXAMPLE).right
    common = [] if _ci_runs("poe test", project) else ["CI does not run the tests"]
    card = evidence.facts(project, CARD)
    of_data = [] if example or card.right else [f"{CARD}, {card.seen}: {card.next_step}"]
    return [
        _judge(project, row, example, common + (of_data if row.get("of_data") else []))
        for row in rows
    ]


def _ci_runs(command: str, project: Project) -> bool:
    """Say whether a step of the workflow CI runs a command."""
    try:
        jobs = (yaml.safe_load(project.read(".github/workflows/ci.yml")) or {}).get("jobs", {})
        steps = [step for job in jobs.values() for step in job.get("steps", [])]
    except (yaml.YAMLError, AttributeError):
        return False
    return any(command in str(step.get("run", "")) for step in steps)


def _judge(project: Project, row: dict[str, Any], example: bool, common: list[str]) -> Score:
    file = row.get("needs", "")
    if not (project.exists(file) or project.generates(file)):
        later, step = comes(rooms.sprint_of(file)), "when its sprint begins: `uv run poe grow`"
        return Score(row["id"], row["name"], 0.0, [later], False, step)
    gone = [name for name in row["proves"] if not project.has_test(name)]
    missing = [f"{name} is gone, or cannot fail" for name in gone] + common
    points = 0.0 if missing else row["points"]
    for extra in row.get("more", []):
        wanted = {kind: about for kind, about in extra.items() if kind != "worth"}
        finding = evidence.look(project, wanted)
        points += extra["worth"] * finding.right
        missing += [] if finding.right else [f"{finding.where}: {finding.expected}, {finding.seen}"]
    of_example = bool(row.get("of_data")) and example and points > 0
    step = row["raise"] if points < 1 else "nothing"
    return Score(row["id"], row["name"], min(1.0, points), missing, of_example, step)


def overall(scores: list[Score], *, own: bool) -> float:
    """Give the lowest section's sum; `own` leaves out what only the example earned."""
    counted = [score for score in scores if not (own and score.of_example)]
    return min(sum(s.points for s in counted if s.id[0] == letter) for letter in SECTIONS)


def to_text(scores: list[Score]) -> str:
    """Write the points by section, and what would raise them."""
    lines = []
    for letter, name in SECTIONS.items():
        own = [score for score in scores if score.id[0] == letter]
        lines.append(f"\n{name}: {sum(score.points for score in own):g} of 7")
        for score in own:
            mark = "  (the example's)" if score.of_example else ""
            lines.append(f"  {score.id}  {score.points:3g}  {score.name}{mark}")
            details = [f"missing: {problem}" for problem in score.missing]
            details += [f"to raise: {score.next_step}"] if score.points < 1 else []
            lines += [line for detail in details for line in wrapped(detail)]
    whole, yours = overall(scores, own=False), overall(scores, own=True)
    lines.append(f"\nML Test Score: {whole:g}, the lowest section ({_meaning(whole)})")
    lines.append(f"without what only the example earned: {yours:g} ({_meaning(yours)})")
    lines.append("A point says that a test or a page is there; that it is green says CI,")
    lines.append("that it is good say its readers.")
    return "\n".join(lines)


def _meaning(points: float) -> str:
    return next(meaning for limit, meaning in _MEANING if points <= limit)
