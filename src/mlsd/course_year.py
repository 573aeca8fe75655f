"""Read a course year from `years/2026.yaml` and the like, and refuse a file that breaks a rule."""

from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from mlsd import evidence
from mlsd.course_error import CourseError

YEARS = files("mlsd") / "years"

Number = Annotated[str, Field(pattern=r"^\d\.\d+$")]
Text = Annotated[str, Field(min_length=1)]
Reason = Annotated[str, Field(pattern=r"^(\S+\s+){4,}\S+$")]
STRICT = ConfigDict(extra="forbid", frozen=True)


class Workpackage(BaseModel):
    """A workpackage; each item of `done` is a kind of evidence with its arguments.

    The template brings the paths in `ready` and the poe tasks in `commands`.
    """

    model_config = STRICT

    number: Number
    title: Text
    sprint: int = Field(ge=1)
    week: int = Field(ge=1)
    milestone: int
    text: Text
    evidence: Text
    ready: list[str]
    done: list[dict[str, Any]] = Field(min_length=1)
    optional: StrictBool = False
    not_chosen: Reason | None = None
    commands: list[str] = []


class Milestone(BaseModel):
    """A presentation; `when` is its first possible day."""

    model_config = STRICT

    number: int
    title: Text
    when: date
    slots: Text
    asks: Text


class Course(BaseModel):
    """A year of the course."""

    model_config = STRICT

    year: int
    reviewers: list[Text]
    emails: list[Annotated[str, Field(pattern=r"^\S+@\S+$")]]
    milestones: dict[int, Milestone]
    rules: list[Text]
    workpackages: list[Workpackage]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self._due_nowhere(), *self._unknown_evidence(), *self._wrong_dates()]
        if problems:
            raise ValueError(".\n- ".join(problems))
        return self

    def _due_nowhere(self) -> Iterator[str]:
        numbers = ", ".join(map(str, self.milestones))
        for workpackage in self.workpackages:
            if workpackage.milestone not in self.milestones:
                yield (
                    f"workpackage {workpackage.number} is due at milestone "
                    f"{workpackage.milestone}; there are: {numbers}"
                )

    def _unknown_evidence(self) -> Iterator[str]:
        for workpackage in self.workpackages:
            for wanted in workpackage.done:
                try:
                    evidence.check(wanted)
                except CourseError as error:
                    yield f"workpackage {workpackage.number}: {error}"

    def _wrong_dates(self) -> Iterator[str]:
        """Find milestones that are not in the year, or not after the one before."""
        before = date(self.year, 1, 1)
        for number, milestone in sorted(self.milestones.items()):
            if not before < milestone.when <= date(self.year, 12, 31):
                yield f"milestone {number}: {milestone.when} is not in {self.year} after {before}"
            before = milestone.when


class _Loader(yaml.SafeLoader):
    """Load YAML, and refuse a key that comes twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.YAMLError(f"{key!r} is there twice, line {node.start_mark.line + 1} on")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def years() -> list[int]:
    """List the years that these tools know."""
    return sorted(int(path.name.removesuffix(".yaml")) for path in YEARS.iterdir())


def read_year(year: int) -> Course:
    """Read a course year.

    Raises
    ------
    CourseError
        The file is not YAML, or breaks rules. The message gives the place of each.
    """
    name = f"{year}.yaml"
    content = load((YEARS / name).read_text(encoding="utf-8"), name)
    try:
        numbered = {
            "milestones": {n: about | {"number": n} for n, about in content["milestones"].items()},
            "workpackages": [about | {"number": n} for n, about in content["workpackages"].items()],
        }
        return Course.model_validate(content | numbered)
    except ValidationError as error:
        raise broken(name, content, error) from None
    except (KeyError, TypeError, AttributeError):
        raise CourseError(
            f"{name} needs `milestones:` and `workpackages:`, each with its numbers and what "
            "belongs to them."
        ) from None


def load(text: str, name: str) -> Any:
    """Read YAML. Raises `CourseError` if it is none."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 # a safe loader, see above
    except (yaml.YAMLError, ValueError) as error:
        raise CourseError(f"{name} is not YAML: {error}.") from None


def broken(name: str, content: dict[str, Any], error: ValidationError) -> CourseError:
    """Make an error with a sentence for each rule that a file breaks."""
    sentences = "\n".join(_sentence(content, problem) for problem in error.errors())
    return CourseError(f"{name} breaks a rule:\n{sentences}")


def _sentence(content: dict[str, Any], error: ErrorDetails) -> str:
    """Write a sentence with the place, the value and the broken rule."""
    place = list(error["loc"])
    if place[:1] == ["workpackages"] and len(place) > 1:
        place[1] = list(content["workpackages"])[int(place[1])]
    where = ", ".join(str(part) for part in place if part != "[key]")
    if error["type"] in ("missing", "extra_forbidden"):
        rule = "is missing" if error["type"] == "missing" else "is not known here"
        return f"- {where}: {rule}."
    rule = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not place:
        return f"- {rule}."
    if "pattern" in error["type"] and "not_chosen" in place:
        rule = "does not say why in a sentence"
    return f"- {where}: {repr(error['input'])[:60]} {rule}."
