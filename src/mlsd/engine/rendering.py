"""Render the template: what a project was made of, and what it would be made of."""

import json
import os
import re
import subprocess
import sys
from functools import cache as remembered
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine import kept
from mlsd.engine.source import Source, tools_address
from mlsd.engine.trees import File, Tree, digest

RECORD = ".cruft.json"


class Rendered(NamedTuple):
    """A project as the template makes it, and its record."""

    tree: Tree
    record: dict[str, Any]


def load_record(folder: Path) -> dict[str, Any]:
    """Read the record that generation and updates write; it is empty if there is none."""
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {}
    except ValueError as error:
        raise CourseError(f"{RECORD} is not JSON: {error}. Did a merge leave it?") from None
    return record


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a project. Raises `CourseError` if it is not whole."""
    return checked_record(load_record(folder), folder)


def record_in(text: str) -> dict[str, Any]:
    """Read a record from its text. Raises `CourseError` if it is not whole."""
    try:
        return checked_record(json.loads(text or "{}"), Path())
    except ValueError as error:
        raise CourseError(f"{RECORD} is not JSON: {error}. Did a merge leave it?") from None


def checked_record(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Give a record if it is whole. Raises `CourseError` if it is not."""
    context = record.get("context") if isinstance(record, dict) else None
    answers = context.get("cookiecutter") if isinstance(context, dict) else None
    if isinstance(answers, dict) and isinstance(record.get("template"), str):
        return record
    raise CourseError(
        f"{folder / RECORD} does not record the template and your answers: go to the folder of "
        f"your project, or look what it was by `git log -p -- {RECORD}`."
    )


def answers_of(record: dict[str, Any]) -> dict[str, str]:
    """Give the answers of a record, with the year in which they were given."""
    kept = ("_version", "_template", "_checkout", "_output_dir", "_repo_dir")
    context = record["context"]["cookiecutter"]
    return {
        name: value
        for name, value in context.items()
        if isinstance(value, str)
        and name not in kept
        and (not name.startswith("__") or name == "__year")
    }


def made_from(folder: Path) -> Rendered:
    """Render what the template made of a project when it was generated, or last changed."""
    record = read_record(folder)
    source = Source(record["template"])
    commit = record.get("commit") or source.commit_of(folder)
    return render(source, commit, answers_of(record))


def render(source: Source, commit: str, answers: dict[str, str]) -> Rendered:
    """Render a version of the template with some answers.

    Raises
    ------
    CourseError
        The template refuses the answers, or cannot be rendered.
    """
    return _render(source.name, source.place, commit, json.dumps(answers, sort_keys=True))


@remembered
def _render(name: str, place: str, commit: str, answers: str) -> Rendered:
    key = "\n".join([name, place, commit, answers])
    if known := kept.read(key):
        return Rendered(*known)
    source = Source(name)
    with source.extracted(commit) as template, TemporaryDirectory() as made:
        project = _run(template, json.loads(answers), Path(made))
        rendered = _read(project, str(template.as_posix()), tools_address(name))
    kept.write(key, *rendered)
    return rendered


def _run(template: Path, answers: dict[str, str], made: Path) -> Path:
    """Run cookiecutter in a process of its own: two versions of a template share module names."""
    settings = {"cookiecutters_dir": str(made / "c"), "replay_dir": str(made / "r")}
    (made / "settings.yaml").write_text(json.dumps(settings), encoding="utf-8")
    given = [f"{name}={literal(value)}" for name, value in answers.items()]
    options = ["--no-input", "--config-file", made / "settings.yaml", "--output-dir", made / "p"]
    command = [sys.executable, "-m", "cookiecutter", str(template), *map(str, options), *given]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=made,  # a module of the same name as one of the template's must not be found first
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    if done.returncode:
        raise CourseError(_refusal(done.stdout + done.stderr))
    return next((made / "p").iterdir())


def literal(value: str) -> str:
    """Keep Jinja, which cookiecutter applies to answers, from seeing anything in an answer."""
    return "{{ " + json.dumps(value, ensure_ascii=False) + " }}" if "{" in value else value


def _refusal(printed: str) -> str:
    refused = re.findall(r"^- .*$", printed, re.MULTILINE)
    if refused:
        return "the template refuses these answers:\n" + "\n".join(refused)
    last = printed.strip().rpartition("\n")[2]
    return (
        f"this version of the template cannot be rendered any more: {last}. Name a newer one that "
        "this project could have been made from: --from COMMIT."
    )


def _read(project: Path, written: str, address: str) -> Rendered:
    """Read a project; where it names the folder that it was rendered from, name the source."""
    tree, record = {}, {}
    for path in sorted(path for path in project.rglob("*") if path.is_file()):
        name = path.relative_to(project).as_posix()
        if name == RECORD:
            record = json.loads(path.read_text(encoding="utf-8"))
        elif not name.startswith(".git/"):
            content = path.read_bytes().replace(written.encode(), address.encode())
            tree[name] = File(content, bool(os.name != "nt" and path.stat().st_mode & 0o111))
    return Rendered(tree, record)


def differs_from_record(rendered: Rendered, record: dict[str, Any]) -> bool:
    """Say whether a render is other than what was generated, as far as that was recorded."""
    recorded = record.get("tree")
    return bool(recorded) and recorded != digest(rendered.tree)
