"""What a project was made from: a version of the template, and answers."""

from pathlib import Path
from typing import NamedTuple

from mlsd.engine import rendering
from mlsd.engine.source import Source
from mlsd.engine.wishes import Answers


class Made(NamedTuple):
    """What a project was made from: the template's version, the answers, and both rendered."""

    source: Source
    branch: str
    commit: str
    answers: Answers
    rendered: rendering.Rendered


def read(folder: Path, named: str = "") -> Made:
    """Render what a project was made from; `named` is a commit instead of the recorded one."""
    record = rendering.read_record(folder)
    source, answers = Source(record["template"]), rendering.answers_of(record)
    recorded = named or record.get("commit")
    commit = source.resolve(recorded) if recorded else rendering.find_commit(folder, source)
    if not recorded:
        print(f"the record names no commit; by its files, this project was made from {commit[:12]}")
    rendered = rendering.render(source, commit, answers)
    if not named and rendering.differs_from_record(rendered, record):
        print(
            "note: the template had changes that were no commit when this project was made; what "
            "they brought counts as yours."
        )
    return Made(source, record.get("checkout") or "HEAD", commit, answers, rendered)
