"""What a project was made from: a version of the template, and answers."""

from pathlib import Path
from typing import Any, NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine import rendering
from mlsd.engine.source import Source
from mlsd.engine.wishes import Answers, Questions


class Made(NamedTuple):
    """What a project was made from: the template's version, the answers, and both rendered."""

    source: Source
    record: dict[str, Any]
    commit: str
    answers: Answers
    rendered: rendering.Rendered

    def questions(self) -> Questions:
        """Give the questions of the version; refuse one that was not made of parts."""
        if "until_sprint" not in self.answers:
            raise CourseError(
                "this project was made before the template had parts: first `uv run poe update`."
            )
        return Questions.of(self.source, self.commit)


def read(folder: Path, record: dict[str, Any], named: str = "") -> Made:
    """Render what a project was made from; `named` is a commit instead of the recorded one."""
    source, answers = Source(record["template"]), rendering.answers_of(record)
    recorded = named or record.get("commit")
    commit = source.resolve(recorded) if recorded else source.commit_of(folder)
    if not recorded:
        print(
            "the record names no commit; by its files, this project was probably made from "
            f"{commit[:12]} (--from COMMIT says it better)"
        )
    rendered = rendering.render(source, commit, answers)
    if not named and rendering.differs_from_record(rendered, record):
        print(
            "note: the template had uncommitted changes when this project was made; what they "
            "brought counts as yours."
        )
    return Made(source, record, commit, answers, rendered)
