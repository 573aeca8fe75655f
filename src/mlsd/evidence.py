"""Look for the evidence of a workpackage; each kind says what it expects, sees, and asks next."""

import hashlib
import inspect
import re
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, ValidationError, create_model

from mlsd.course_error import CourseError
from mlsd.project import Project

_SMALLEST_IMAGE = 5000
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"<svg", b"<?xml")

UNWRITTEN = "Not written yet: run `uv run poe cards`."

FRESH = {
    "docs/EDA.md": (
        "eda",
        """import os, tempfile
try:
    from app.data import eda, ingest, split
except ImportError:  # a project of an older template
    from app import data as ingest, data as split, eda
with tempfile.TemporaryDirectory() as store:
    os.environ |= {"APP_ENV": "local", "LOCAL_STORE": store}
    ingest.main()
    print(eda.describe(split.read_examples()), end="")""",
    ),
    "docs/RUNS.md": (
        "runs",
        """try:
    from app.reports import runs
except ImportError:  # a project of an older template
    from app import runs
print(runs.describe(runs.table()), end="")""",
    ),
}
"""For each page: the command that writes it, and code that gives its text and stores nothing."""

_NO_MODEL = 3
_FACTS = f"""import sys
from pathlib import Path
try:
    from app.reports import facts
except ImportError:  # a project of an older template
    from app import cards as facts
facts.check()
sys.exit(0 if Path({{page!r}}) in facts.current() else {_NO_MODEL})"""
_ELSEWHERE = "run this where the models are: set APP_ENV, or ask who trained; see docs/PLANNING.md"


class Finding(NamedTuple):
    """Whether all is right, what was expected, what was seen, where, and what to do next."""

    right: bool
    expected: str
    seen: str
    where: str
    next_step: str


def look(project: Project, wanted: dict[str, Any]) -> Finding:
    """Look at one thing that the course year names. Raises `CourseError`, as `check` does."""
    kind, arguments = check(wanted)
    return _KINDS[kind](project, **arguments)


def check(wanted: Any) -> tuple[str, dict[str, Any]]:
    """Give the kind of evidence and its arguments.

    Raises
    ------
    CourseError
        The kind does not exist, or it takes other arguments.
    """
    if not isinstance(wanted, dict) or len(wanted) != 1 or not set(wanted) <= set(_KINDS):
        raise CourseError(f"{wanted!r} is none of {', '.join(_KINDS)}, with what it looks at")
    ((kind, about),) = wanted.items()
    given = about if isinstance(about, dict) else {"about": about}
    parameters = list(inspect.signature(_KINDS[kind]).parameters.values())[1:]
    fields: dict[str, Any] = {
        parameter.name: (
            parameter.annotation,
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters
    }
    model = create_model(kind, __config__=ConfigDict(extra="forbid"), **fields)
    try:
        validated = model(**{"in_" if name == "in" else str(name): v for name, v in given.items()})
    except ValidationError as error:
        (first, *_) = error.errors()
        name = ".".join(map(str, first["loc"])).rstrip("_")
        rule = first["msg"].replace("Input should be", "must be")
        raise CourseError(f"{wanted}: {name} {rule}") from None
    return kind, {parameter.name: getattr(validated, parameter.name) for parameter in parameters}


def words(project: Project, in_: str, least: int, under: str = "") -> Finding:
    """Expect a number of a team's own words in a page, perhaps under a heading."""
    count, page = project.own_words(in_, under), project.where(in_)
    place = f"{page} under {under!r}" if under else page
    step, seen = f"write in your own words, {least - count} more", f"{count} own words"
    if under and not project.has_section(in_, under):
        seen, step = "no such heading", f"bring the heading {under!r} back, and write below it"
    return Finding(count >= least, f"{least} own words", seen, place, step)


def changed(project: Project, about: str) -> Finding:
    """Expect that a file is committed and says something else than the generated file."""
    place = project.where(about)
    own, committed = project.is_own(about), bool(project.git("ls-files", place))
    right = own and committed
    seen = "yours" if right else "not committed" if own else "the template's"
    seen = seen if project.read(about).strip() else "absent"
    return Finding(right, "a file of your own", seen, place, "replace the example by your own")


def fresh(project: Project, about: Literal["docs/EDA.md", "docs/RUNS.md"]) -> Finding:
    """Expect that a page and its figures are those that its command would write now."""
    (command, code), page = FRESH[about], project.where(about)
    step, expected = f"run `uv run poe {command}` and commit what it writes", "numbers of your data"
    text = project.read(about)
    if not text:
        return Finding(False, expected, "absent", page, step)
    done = _run(project, code)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if "NotFound" in reason:
            reason, step = "the models are not on this machine", _ELSEWHERE
        return Finding(False, expected, f"cannot be compared: {reason[:90]}", page, step)
    if done.stdout.split() != text.split():
        return Finding(False, expected, "other numbers", page, step)
    digest = hashlib.sha256(text.encode()).hexdigest().encode()
    images = {path: project.folder / path for path in _images(text, page)}
    old = [name for name, it in images.items() if not _is_image(it) or digest not in _bytes(it)]
    seen = f"{old[0]} is absent or of another time" if old else "as the run says"
    return Finding(not old, expected, seen, page, step)


def facts(project: Project, about: str) -> Finding:
    """Expect that a page has facts between its marks, and that they are up to date."""
    step, expected = "run `uv run poe cards` and commit what it writes", "facts of your model"
    text, page = project.read(about), project.where(about)
    if "<!-- facts" not in text or UNWRITTEN in text:
        return Finding(False, expected, "not written yet", page, step)
    done = _run(project, _FACTS.format(page=page))
    seen = "as they are now" if done.returncode == 0 else "of another time"
    if done.returncode == _NO_MODEL:
        seen, step = "cannot be compared: the models are not on this machine", _ELSEWHERE
    return Finding(done.returncode == 0, expected, seen, page, step)


def answer(project: Project, question: str, other_than: str) -> Finding:
    """Expect an answer of your own to a question of the template."""
    given = project.answers.get(question, "")
    step = f"give it: `uv run poe answer {question}=...` changes every file that names it"
    right, expected = given not in ("", other_than), f"a {question} of your own"
    return Finding(right, expected, given or "none", ".cruft.json", step)


def says(project: Project, in_: str, matching: re.Pattern[str], example: str) -> Finding:
    """Expect that a team's own text in a page matches a pattern, as `example` does."""
    right, page = matching.search(project.own_text(in_)) is not None, project.where(in_)
    return Finding(right, f"a text as {example!r}", "yours" if right else "none", page, "add yours")


def image(project: Project, in_: str) -> Finding:
    """Expect a picture of your own in a page."""
    page = project.where(in_)
    paths = [project.folder / path for path in _images(project.own_text(in_), page)]
    kept = [path for path in paths if _is_image(path)]
    seen = f"{len(kept)} pictures"
    return Finding(
        bool(kept), "a picture", seen, page, "add one by ![what it shows](figures/x.png)"
    )


def tests(project: Project, least: int) -> Finding:
    """Expect tests of your own, which call something and can fail."""
    count = len(project.own_tests())
    step = f"write {least - count} more tests that call your code and assert what it gives"
    return Finding(count >= least, f"{least} own tests", f"{count} own tests", "tests/", step)


def branches(project: Project, about: list[str]) -> Finding:
    """Expect branches, here or on GitHub."""
    existing = project.git("branch", "--all", "--format=%(refname:lstrip=-1)").split()
    missing = [name for name in about if name not in existing]
    seen = f"no {', '.join(missing)}" if missing else ", ".join(about)
    return Finding(not missing, ", ".join(about), seen, "git branch --all", "make and push them")


def merges(project: Project, into: str, least: int) -> Finding:
    """Expect merged pull requests, each a merge commit or a commit that GitHub squashed."""
    log = project.git("log", "--first-parent", "--format=%H|%P|%s", project.branch(into))
    commits = [line.split("|", 2) for line in log.splitlines()]
    merged = [h for h, parents, s in commits if " " in parents or re.search(r"\(#\d+\)$", s)]
    diffs = [project.git("diff", "--name-only", f"{commit}^1", commit) for commit in merged]
    count = sum(map(bool, diffs))
    seen, step = f"{count} merges", "work on short branches and merge them by pull requests"
    if project.is_shallow:
        seen = f"{seen} in the last commits; the clone is shallow"
        step = "fetch all commits: `git fetch --unshallow`; in a workflow, `fetch-depth: 0`"
    return Finding(count >= least, f"{least} merges", seen, f"branch {into}", step)


_KINDS: dict[str, Callable[..., Finding]] = {
    check.__name__: check
    for check in (words, changed, fresh, facts, answer, says, image, tests, branches, merges)
}


def _images(text: str, page: str) -> list[str]:
    """Give the paths of a page's pictures, as seen from the project's folder."""
    folder = page.rpartition("/")[0]
    links = re.findall(r"!\[[^\]]*\]\(([^)#? ]+)\)", text)
    return [f"{folder}/{link}" if folder else link for link in links if "://" not in link]


def _is_image(path: Path) -> bool:
    """Say whether the content of a file is a picture that is not too small."""
    content = _bytes(path)
    return len(content) >= _SMALLEST_IMAGE and content.startswith(_IMAGES)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def run_in(folder: Path, script: str, *arguments: str) -> int:
    """Run a script of `in_project/` with a project's own Python; give its exit code."""
    path = str(files("mlsd") / "in_project" / script)
    command = ["uv", "--directory", str(folder), "run", "--quiet", "python", path, *arguments]
    return subprocess.run(command, check=False).returncode


def _run(project: Project, code: str) -> "subprocess.CompletedProcess[str]":
    command = ["uv", "--directory", str(project.folder), "run", "--quiet", "python", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
