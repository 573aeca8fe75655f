"""What is looked at for a workpackage: each kind says what it expects, finds, and asks for next."""

import re
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

from mlsd.course import CourseError
from mlsd.project import Project

_SMALLEST_IMAGE = 5000

UNWRITTEN = "Not written yet: run `uv run poe cards`."

FRESH = {
    "docs/EDA.md": (
        "eda",
        "import os, tempfile; from app import data, eda; store = tempfile.TemporaryDirectory(); "
        "os.environ |= {'APP_ENV': 'local', 'LOCAL_STORE': store.name}; data.main(); "
        "print(eda.describe(data.read_examples()), end='')",
    ),
    "docs/RUNS.md": ("runs", "from app import runs; print(runs.describe(runs.table()), end='')"),
}
"""Pages that a command writes: the command, and the code that gives the text; it stores nothing."""


class Found(NamedTuple):
    """Whether it is there, what was expected, what was found, where, and what to do next."""

    right: bool
    expected: str
    found: str
    where: str
    next_step: str


def look(project: Project, wanted: dict[str, Any]) -> Found:
    """Look at one thing, as `workpackages.yaml` names it.

    Raises
    ------
    CourseError
        There is no such kind of evidence, or its arguments are others.
    """
    (kind, about), *more = wanted.items()
    if more or kind not in _KINDS:
        raise CourseError(f"workpackages.yaml: {wanted} is none of {', '.join(_KINDS)}.")
    arguments = about if isinstance(about, dict) else {"about": about}
    renamed = {"in_" if name == "in" else name: value for name, value in arguments.items()}
    try:
        return _KINDS[kind](project, **renamed)
    except TypeError as error:
        raise CourseError(f"workpackages.yaml: {wanted}: {error}.") from None


def words(project: Project, in_: str, least: int, under: str = "") -> Found:
    """Expect a number of a team's own words in a page, perhaps under a heading."""
    count = project.own_words(in_, under)
    place = f"{in_} under {under!r}" if under else in_
    step = f"write in your own words, {least - count} more"
    return Found(count >= least, f"{least} own words", f"{count} own words", place, step)


def changed(project: Project, about: str) -> Found:
    """Expect that a file is no longer the one that was generated."""
    now, was = project.read(about), project.generated(about)
    right = bool(now.strip()) and now.split() != (was or "").split()
    found = "yours" if right else "the template's" if now.strip() else "absent"
    return Found(right, "a file of your own", found, about, "replace the example by your own")


def fresh(project: Project, about: str) -> Found:
    """Expect that a page is what its command would write now, and that its figures are there."""
    command, code = FRESH[about]
    step, expected = f"run `uv run poe {command}` and commit what it writes", "numbers of your data"
    text = project.read(about)
    if not text:
        return Found(False, expected, "absent", about, step)
    missing = [path for path in _images(text, about) if not (project.folder / path).exists()]
    if missing:
        return Found(False, expected, f"{missing[0]} is missing", about, step)
    done = _run(project, code)
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Found(False, expected, f"cannot be compared: {told[:90]}", about, step)
    right = done.stdout.split() == text.split()
    return Found(right, expected, "as the run says" if right else "other numbers", about, step)


def facts(project: Project, about: str) -> Found:
    """Expect that the facts between the marks of a page are written, and are those of now."""
    step, expected = "run `uv run poe cards` and commit what it writes", "facts of your model"
    text = project.read(about)
    if "<!-- facts" not in text or UNWRITTEN in text:
        return Found(False, expected, "not written yet", about, step)
    done = _run(project, "from app import cards; cards.check()")
    found = "as they are now" if done.returncode == 0 else "of another time, or not comparable"
    return Found(done.returncode == 0, expected, found, about, step)


def answer(project: Project, question: str, other_than: str) -> Found:
    """Expect an answer of your own to a question of the template."""
    given = project.answers.get(question, "")
    step = f"change {question} in .cruft.json and in the files that name it"
    return Found(given not in ("", other_than), question, given or "unknown", "README.md", step)


def says(project: Project, in_: str, matching: str) -> Found:
    """Expect that a team's own text in a page matches a pattern."""
    right = re.search(matching, project.own_text(in_)) is not None
    found = "there" if right else "not there"
    return Found(right, f"a text like {matching}", found, in_, "add it")


def image(project: Project, in_: str) -> Found:
    """Expect a picture of your own in a page."""
    paths = [project.folder / path for path in _images(project.own_text(in_), in_)]
    kept = [path for path in paths if path.exists() and path.stat().st_size >= _SMALLEST_IMAGE]
    found = f"{len(kept)} pictures"
    return Found(bool(kept), "a picture", found, in_, "add one by ![what it shows](figures/x.png)")


def tests(project: Project, least: int) -> Found:
    """Expect tests of your own, which call something and can fail."""
    count = len(project.own_tests())
    step = f"write {least - count} more tests that call your code and assert what it gives"
    return Found(count >= least, f"{least} own tests", f"{count} own tests", "tests/", step)


def branches(project: Project, about: list[str]) -> Found:
    """Expect branches, here or on GitHub."""
    known = project.git("branch", "--all", "--format=%(refname:lstrip=-1)").split()
    missing = [name for name in about if name not in known]
    found = f"without {', '.join(missing)}" if missing else "there"
    return Found(not missing, ", ".join(about), found, "git branch --all", "make and push them")


def merges(project: Project, into: str, least: int) -> Found:
    """Expect merged pull requests: merge commits, or the commits that GitHub squashes them into."""
    branch = into if project.git("rev-parse", "--verify", into) else f"origin/{into}"
    log = project.git("log", "--first-parent", "--format=%P|%s", branch).splitlines()
    count = sum(1 for line in log if " " in line.split("|")[0] or re.search(r"\(#\d+\)$", line))
    step = "work on short branches and merge them by pull requests"
    return Found(count >= least, f"{least} merges", f"{count} merges", f"branch {into}", step)


_KINDS: dict[str, Callable[..., Found]] = {
    check.__name__: check
    for check in (words, changed, fresh, facts, answer, says, image, tests, branches, merges)
}


def _images(text: str, page: str) -> list[str]:
    """Give the paths of a page's pictures, as seen from the project's folder."""
    folder = page.rpartition("/")[0]
    links = re.findall(r"!\[[^\]]*\]\(([^)#? ]+)\)", text)
    return [f"{folder}/{link}" if folder else link for link in links if "://" not in link]


def _run(project: Project, code: str) -> "subprocess.CompletedProcess[str]":
    command = ["uv", "--directory", str(project.folder), "run", "--quiet", "python", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
