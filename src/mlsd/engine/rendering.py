"""Render the template: what a project was made of, and what it would be made of."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from functools import cache as remembered
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine.source import Source, cache, tools_address
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
    record = load_record(folder)
    try:
        if isinstance(record["template"], str) and record["context"]["cookiecutter"]:
            return record
    except (KeyError, TypeError):
        pass
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
    commit = record.get("commit") or find_commit(folder, source)
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
    key = hashlib.sha256("\n".join([name, place, commit, answers]).encode()).hexdigest()[:32]
    kept = cache() / "renders" / f"{key}.zip"
    if kept.is_file():
        return _read_archive(kept)
    source = Source(name)
    with source.extracted(commit) as template, TemporaryDirectory() as made:
        project = _run(template, json.loads(answers), Path(made))
        rendered = _read(project, str(template.as_posix()), tools_address(name))
    _write_archive(rendered, kept)
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


def _write_archive(rendered: Rendered, kept: Path) -> None:
    """Keep a render. It is moved into place, so that nobody reads half of it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RECORD, json.dumps(rendered.record))
        for path, file in rendered.tree.items():
            about = zipfile.ZipInfo(path)
            about.external_attr = int(file.executable)
            archive.writestr(about, file.content, zipfile.ZIP_DEFLATED)
    half.replace(kept)


def _read_archive(kept: Path) -> Rendered:
    with zipfile.ZipFile(kept) as archive:
        files = {
            about.filename: File(archive.read(about), bool(about.external_attr))
            for about in archive.infolist()
        }
    return Rendered(files, json.loads(files.pop(RECORD).content))


def find_commit(folder: Path, source: Source) -> str:
    """Find the commit that a project was made from: most of its files are those of that commit."""
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-tree", "-r", "-z", "HEAD"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    ).stdout
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    own = {(path, about.split()[2]) for about, _, path in rows}
    commits = source.commits()
    if not own or not commits:
        raise CourseError(
            f"{folder / RECORD} names no commit of the template, and none can be found without a "
            "git repository here: make one by `git init`, add all files, and commit."
        )
    return max(commits, key=lambda commit: len(own & source.listing(commit)))


def differs_from_record(rendered: Rendered, record: dict[str, Any]) -> bool:
    """Say whether a render is other than what was generated, as far as that was recorded."""
    recorded = record.get("tree")
    return bool(recorded) and recorded != digest(rendered.tree, record["template"])
