"""Read the course year from `workpackages.yaml`, and refuse a file that breaks a rule."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator
from pydantic_core import ErrorDetails

from mlsd import evidence
from mlsd.project import CourseError

FILE = "workpackages.yaml"

Number = Annotated[str, Field(pattern=r"^\d\.\d+$")]
Text = Annotated[str, Field(min_length=1)]
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Workpackage(BaseModel):
    """A workpackage; each item of `done` is a kind of evidence with its arguments.

    The template brings the paths in `ready` and the poe tasks in `commands`.
    """

    model_config = _STRICT

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
    not_chosen: str | None = Field(None, pattern=r"^(\S+\s+){4,}\S+$")
    commands: list[str] = []


class Milestone(BaseModel):
    """A presentation; `when` is its first possible day."""

    model_config = _STRICT

    number: int
    title: Text
    when: date
    slots: Text
    asks: Text


class Course(BaseModel):
    """A year of the course."""

    model_config = _STRICT

    year: int
    reviewers: list[Text]
    emails: list[Annotated[str, Field(pattern=r"^\S+@\S+$")]]
    milestones: dict[int, Milestone]
    rules: list[Text]
    workpackages: list[Workpackage]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        for workpackage in self.workpackages:
            if workpackage.milestone not in self.milestones:
                milestones = ", ".join(map(str, self.milestones))
                raise ValueError(
                    f"workpackage {workpackage.number} is due at milestone "
                    f"{workpackage.milestone}; there are: {milestones}"
                )
            for wanted in workpackage.done:
                try:
                    evidence.check(wanted)
                except CourseError as error:
                    raise ValueError(f"workpackage {workpackage.number}: {error}") from None
        return self


class _Loader(yaml.SafeLoader):
    """Load YAML, and refuse a key that comes twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.YAMLError(f"{key!r} is there twice, line {node.start_mark.line + 1} on")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(folder: Path) -> Course:
    """Read the course of a project.

    Raises
    ------
    CourseError
        The file is absent, is not YAML, or breaks rules. The message gives the place of each.
    """
    path = folder / FILE
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise CourseError(f"{folder} has no {FILE}: go to your project's folder.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8: save it as UTF-8.") from None


def parse(text: str) -> Course:
    """Read the course from the file's text. Raises `CourseError`, as `read` does."""
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 # a safe loader, see above
    except (yaml.YAMLError, ValueError) as error:
        raise CourseError(f"{FILE} is not YAML: {error}.") from None
    try:
        numbered = {
            "milestones": {n: about | {"number": n} for n, about in content["milestones"].items()},
            "workpackages": [about | {"number": n} for n, about in content["workpackages"].items()],
        }
        return Course.model_validate(content | numbered)
    except ValidationError as error:
        sentences = "\n".join(_sentence(content, problem) for problem in error.errors())
        raise CourseError(f"{FILE} breaks a rule:\n{sentences}") from None
    except (KeyError, TypeError, AttributeError):
        raise CourseError(
            f"{FILE} needs `milestones:` and `workpackages:`, each with its numbers and what "
            "belongs to them."
        ) from None


def _sentence(content: dict[str, Any], error: ErrorDetails) -> str:
    """Write a sentence with the place, the value and the broken rule."""
    place = list(error["loc"])
    if place[:1] == ["workpackages"] and len(place) > 1:
        place[1] = list(content["workpackages"])[int(place[1])]
    where = ", ".join(map(str, place))
    if error["type"] in ("missing", "extra_forbidden"):
        rule = "is missing" if error["type"] == "missing" else "is not known here"
        return f"- {where}: {rule}."
    rule = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not place:
        return f"- {rule}."
    rule = "does not say why in a sentence" if place[-1] == "not_chosen" else rule
    return f"- {where}: {repr(error['input'])[:60]} {rule}."
