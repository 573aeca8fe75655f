"""Read the course of a project: its course year, and what its team leaves out of that.

A project's `workpackages.yaml` names the year, and gives reasons; the year itself is in the tools.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationError, create_model

from mlsd.course_error import CourseError
from mlsd.course_year import STRICT, Course, Reason, broken, load, read_year, years

FILE = "workpackages.yaml"


def read(folder: Path) -> Course:
    """Read the course year of a project, and mark what its team leaves out.

    Raises
    ------
    CourseError
        A file is absent, is not YAML, or breaks rules. The message gives the place of each.
    """
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise CourseError(f"{folder} has no {FILE}: go to your project's folder.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8: save it as UTF-8.") from None
    course, reasons = _decisions(load(text, FILE))
    marked = [
        workpackage.model_copy(update={"not_chosen": reasons.get(workpackage.number)})
        for workpackage in course.workpackages
    ]
    return course.model_copy(update={"workpackages": marked})


def _decisions(content: Any) -> tuple[Course, dict[str, str]]:
    """Give the course year of a project, and why it leaves out which workpackages."""
    if not isinstance(content, dict):
        raise CourseError(f"{FILE} needs a line such as `year: {years()[-1]}`.")
    short = {name: value for name, value in _shorten(content).items() if value is not None}
    known = years()
    courses = [read_year(year) for year in known if year == short.get("year")]
    numbers = [
        workpackage.number
        for course in courses or map(read_year, known)
        for workpackage in course.workpackages
    ]
    number = Annotated[Literal[tuple(numbers)], BeforeValidator(str)]
    rules: Any = {"year": (Literal[tuple(known)], ...), "not_chosen": (dict[number, Reason], {})}
    try:
        decided = create_model("Decisions", __config__=STRICT, **rules)(**short)
    except ValidationError as error:
        raise broken(FILE, short, error) from None
    return courses[0], decided.not_chosen


def _shorten(content: dict[str, Any]) -> dict[str, Any]:
    """Take the decisions out of the whole course year that an older project has as its file."""
    workpackages = content.get("workpackages")
    if not isinstance(workpackages, dict):
        return content
    reasons = {
        number: about["not_chosen"]
        for number, about in workpackages.items()
        if isinstance(about, dict) and "not_chosen" in about
    }
    return {"year": content.get("year"), "not_chosen": reasons}
