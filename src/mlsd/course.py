"""Read `workpackages.yaml`, the course year as data, and refuse what it cannot mean."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FILE = "workpackages.yaml"
_NEEDED = ("title", "sprint", "week", "milestone", "text", "evidence", "ready", "done")


class CourseError(Exception):
    """The file is absent or breaks a rule; the message says where, which and what to do."""


class Workpackage(NamedTuple):
    """One workpackage; `done` holds what is looked at, as a kind with its arguments each.

    `ready` and `commands` name what the template brings for it: paths, and tasks of poe.
    """

    number: str
    title: str
    sprint: int
    week: int
    milestone: int
    text: str
    evidence: str
    ready: list[str]
    done: list[dict[str, Any]]
    optional: bool
    not_chosen: str | None
    commands: list[str]


class Milestone(NamedTuple):
    """A presentation; `when` is its first possible day."""

    number: int
    title: str
    when: date
    slots: str
    asks: str


class Course(NamedTuple):
    """A year of the course."""

    year: int
    reviewers: list[str]
    emails: list[str]
    milestones: dict[int, Milestone]
    rules: list[str]
    workpackages: list[Workpackage]


def read(folder: Path) -> Course:
    """Read the course of a project.

    Raises
    ------
    CourseError
        The file is absent, is no YAML, or lacks or misspells something.
    """
    path = folder / FILE
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise CourseError(f"{folder} has no {FILE}: go to your project's folder.") from None
    except yaml.YAMLError as error:
        raise CourseError(f"{path} is not YAML: {error}") from None
    try:
        milestones = {n: Milestone(n, **told) for n, told in found["milestones"].items()}
        packages = [_workpackage(n, told, milestones) for n, told in found["workpackages"].items()]
        kept = (found["year"], found["reviewers"], found["emails"])
        return Course(*kept, milestones, found["rules"], packages)
    except (KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{path} lacks or misspells something: {error}.") from None


def _workpackage(
    number: str, told: dict[str, Any], milestones: dict[int, Milestone]
) -> Workpackage:
    missing = [name for name in _NEEDED if name not in told]
    unknown = set(told) - set(_NEEDED) - {"optional", "not_chosen", "commands"}
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(sorted(unknown))}"
        raise CourseError(f"{FILE}: workpackage {number} {what}, which cannot be.")
    if told["milestone"] not in milestones:
        raise CourseError(f"{FILE}: workpackage {number} names milestone {told['milestone']}.")
    reason = told.get("not_chosen")
    if reason is not None and len(str(reason).split()) < 5:
        raise CourseError(
            f"{FILE}: workpackage {number} is not chosen because {reason!r}: say why in a sentence."
        )
    kept = {name: told[name] for name in _NEEDED}
    kept |= {"optional": told.get("optional", False), "commands": told.get("commands", [])}
    return Workpackage(number, not_chosen=reason, **kept)
