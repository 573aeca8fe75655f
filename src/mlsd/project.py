"""Read a team's project, and compare it with what the template generated."""

import ast
import re
import subprocess
from functools import cached_property
from pathlib import Path, PurePosixPath

import yaml

from mlsd import asserting, baseline, moves
from mlsd.course_error import CourseError
from mlsd.engine import rendering

_HIDDEN = re.compile(
    r"^(```|~~~).*?^\1"  # code
    r"|<!-- facts.*?<!-- end of facts -->"  # what `poe cards` wrote
    r"|<!--.*?(?:-->|\Z)|^\[[^\]\n]*\]:[^\n]*",  # what no reader sees
    flags=re.MULTILINE | re.DOTALL,
)
_IS_TEST = re.compile(r"(^|/)test_[^/]*\.py$")
_OFTEN = 4
"""How often a word counts in one place, at most: to repeat a word does not fill a page."""


class Project:
    """The files of a project, and the lines and tests that the team itself wrote.

    A file is asked for by the name that the template has for it today. It is found where the team
    moved it, and where an older version of the template had it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        """Give what git prints, or nothing if it fails."""
        command = ["git", "-C", str(self.folder), "-c", "core.quotepath=off", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            raise CourseError("git is not installed: see https://git-scm.com.") from None
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

    def branch(self, name: str) -> str:
        """Name a branch for git: the one last fetched from GitHub, or else the local one."""
        for branch in (f"origin/{name}", name):
            if self.git("rev-parse", "--verify", "--quiet", branch):
                return branch
        return ""

    @property
    def is_shallow(self) -> bool:
        """Say whether git holds the last commits only."""
        return self.git("rev-parse", "--is-shallow-repository").strip() == "true"

    def read(self, path: str) -> str:
        """Give the text of a file, or nothing if the file is absent or is not text."""
        return _text(self.folder / self.where(path))

    def exists(self, path: str) -> bool:
        """Say whether a file or a folder is there, under whatever name."""
        return (self.folder / self.where(path)).exists()

    def where(self, path: str) -> str:
        """Give the name that a file has now; what commands write later lies beside its page."""
        path = self._first_name(path)
        if (self.folder / path).exists():
            return path
        if path in self._moved:
            return self._moved[path]
        place = PurePosixPath(path)
        siblings = [
            new for old, new in self._moved.items() if PurePosixPath(old).parent == place.parent
        ]
        beside = [str(PurePosixPath(new).with_name(place.name)) for new in siblings]
        return next((name for name in beside if (self.folder / name).exists()), path)

    @cached_property
    def _moved(self) -> dict[str, str]:
        """Give the files that the team moved: the old name and the new one."""
        gone = {p: c for p, c in self._generated.items() if not (self.folder / p).exists()}
        new = [path for path in self._listed if path not in self._generated] if gone else []
        return moves.find(gone, {path: _text(self.folder / path) for path in new})

    @cached_property
    def _listed(self) -> list[str]:
        """List what git knows or does not ignore; without git, what the template generated."""
        listed = self.git("ls-files", "--cached", "--others", "--exclude-standard")
        return listed.splitlines() or list(self._generated)

    @cached_property
    def answers(self) -> dict[str, str]:
        """Give the answers that the project was generated with."""
        record = rendering.load_record(self.folder)
        answers: dict[str, str] = record.get("context", {}).get("cookiecutter", {})
        return answers

    @cached_property
    def _generated(self) -> dict[str, bytes]:
        return baseline.tree(self.folder)

    def generates(self, path: str) -> bool:
        """Say whether the template generated a file or a folder for this project."""
        name = self._first_name(path)
        return any(path == name or path.startswith(f"{name}/") for path in self._generated)

    def generated(self, path: str) -> str | None:
        """Give what the template generated at a path; None if nothing."""
        content = self._generated.get(self._first_name(path))
        return None if content is None else content.decode("utf-8-sig", "replace")

    def _first_name(self, path: str) -> str:
        """Give the name of a file in the version of the template that made this project."""
        if (self.folder / path).exists():
            return path
        return next((name for name in moves.names(path) if name in self._generated), path)

    @cached_property
    def _generated_lines(self) -> set[str]:
        """Give every line of every generated page; a copy of such a line is not a team's own."""
        pages = [path for path in self._generated if path.endswith(".md")]
        texts = [self.generated(page) or "" for page in pages]
        return {line.strip() for text in texts for line in text.splitlines()}

    def has_section(self, path: str, heading: str) -> bool:
        """Say whether a page has a heading."""
        return _section(self.read(path), heading) is not None

    def own_text(self, path: str, under: str = "") -> str:
        """Give the lines of a page that a reader sees and the template did not write."""
        text = _HIDDEN.sub("", self.read(path))
        if under:
            text = _section(text, under) or ""
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        return "\n".join(line for line in lines if line not in self._generated_lines)

    def own_words(self, path: str, under: str = "") -> int:
        """Count a team's own words. A word counts a few times only; filler text does not count."""
        text = re.sub(
            r"!?\[[^\]]*\]\([^)]*\)|https?://\S+|`[^`]*`", " ", self.own_text(path, under)
        )
        words = re.findall(r"[^\W\d_]{2,}", text.lower())
        if "lorem" in words:
            return 0
        return sum(min(_OFTEN, words.count(word)) for word in set(words))

    def is_own(self, path: str) -> bool:
        """Say whether a file differs from the generated one in more than comments and spaces.

        A table differs once most of its rows are new.
        """
        now, was = self.read(path), self.generated(path) or ""
        if path.endswith(".csv"):
            rows = set(now.splitlines()[1:])
            return len(rows) > 2 * len(rows & set(was.splitlines()))
        return bool(now.strip()) and _meaning(path, now) != _meaning(path, was)

    def has_test(self, name: str) -> bool:
        """Say whether a test, `path::function`, can fail; it may be in another file now."""
        function = name.partition("::")[2]
        return any(test.name == function and asserting.can_fail(test) for test in self._tests)

    def own_tests(self) -> list[str]:
        """Name a team's own tests that can fail and that do not repeat a generated test."""
        generated_bodies = {
            asserting.body(test)
            for path in self._generated
            if _IS_TEST.search(path)
            for test in asserting.tests_in(self.generated(path) or "")
        }
        return [
            test.name
            for test in self._tests
            if asserting.body(test) not in generated_bodies and asserting.can_fail(test)
        ]

    @cached_property
    def _tests(self) -> list[asserting.Test]:
        paths = [path for path in self._listed if _IS_TEST.search(path)]
        return [t for path in paths for t in asserting.tests_in(_text(self.folder / path))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _section(text: str, heading: str) -> str | None:
    """Give what stands below a heading, its own subheadings included."""
    match = re.search(rf"^(#+) +{re.escape(heading)} *$", text, flags=re.MULTILINE)
    if match is None:
        return None
    level, rest = len(match[1]), text[match.end() :]
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _meaning(path: str, text: str) -> object:
    """Give what a file says: Python and YAML without comments, of other files the words."""
    try:
        if path.endswith(".py"):
            return ast.dump(ast.parse(text))
        if path.endswith((".yaml", ".yml")):
            return yaml.safe_load(text)
        return text.split()
    except (SyntaxError, yaml.YAMLError):  # a merge left its marks: compare the words
        return text.split()
