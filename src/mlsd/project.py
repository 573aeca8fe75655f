"""Read a team's project, and compare it with what the template generated."""

import ast
import json
import re
import subprocess
from functools import cached_property
from pathlib import Path

import yaml

from mlsd import asserting

START = "Start from the template"
"""The message of the first commit, which the template makes."""

_HIDDEN = re.compile(
    r"^(```|~~~).*?^\1"  # code
    r"|<!-- facts.*?<!-- end of facts -->"  # what `poe cards` wrote
    r"|<!--.*?(?:-->|\Z)|^\[[^\]\n]*\]:[^\n]*",  # what no reader sees
    flags=re.MULTILINE | re.DOTALL,
)
_OFTEN = 4
"""How often a word counts in one place, at most: to repeat a word does not fill a page."""


class CourseError(Exception):
    """A file of the course or the project breaks a rule; the message says which and what to do."""


class Project:
    """The files of a project, and the lines and tests that the team itself wrote.

    The template made the first commit. Later commits may have brought a newer version of the
    template. Both show what was generated.
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

    def read(self, path: str) -> str:
        """Give the text of a file, or nothing if the file is absent or is not text."""
        try:
            return (self.folder / path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""

    @cached_property
    def answers(self) -> dict[str, str]:
        """Give the answers that the project was generated with."""
        try:
            record = json.loads(self.read(".cruft.json") or "{}")
        except ValueError as error:
            raise CourseError(f".cruft.json is not JSON: {error}. Did a merge leave it?") from None
        answers: dict[str, str] = record.get("context", {}).get("cookiecutter", {})
        return answers

    @cached_property
    def _root(self) -> str:
        if self.git("rev-parse", "--is-shallow-repository").strip() == "true":
            raise CourseError(
                "this clone is shallow, so nothing can be told apart from the template: "
                "`git fetch --unshallow`; in a workflow, `fetch-depth: 0`."
            )
        roots = self.git("log", "--max-parents=0", "--format=%H %s", "HEAD").splitlines()
        made = [line.split()[0] for line in roots if line.partition(" ")[2] == START]
        if not made:
            raise CourseError(
                f"git does not hold the template's commit {START!r}, so nothing can be told apart "
                "from it: keep the history that generation began. If it is lost, generate again "
                "with the answers of .cruft.json, copy your files over, and commit."
            )
        return made[0]

    @cached_property
    def _updates(self) -> list[str]:
        """List the commits that brought another version of the template."""
        commits = self.git("log", "--format=%H", "HEAD", "--", ".cruft.json").split()
        return [
            commit
            for commit in commits
            if commit != self._root and self._version(commit) != self._version(f"{commit}^")
        ]

    def _version(self, commit: str) -> str:
        """Give the version of the template that a commit holds."""
        match = re.search(r'"commit": *"(\w+)"', self.git("show", f"{commit}:.cruft.json"))
        return match[1] if match else ""

    def generated(self, path: str) -> str | None:
        """Give what the template generated at a path; None if nothing."""
        if path not in self._generated_paths:
            return None
        return self.git("show", f"{self._root}:{path}")

    @cached_property
    def _generated_paths(self) -> list[str]:
        return self.git("ls-tree", "-r", "--name-only", self._root).splitlines()

    @cached_property
    def _generated_lines(self) -> set[str]:
        """Give every line of every generated page; a copy of such a line is not a team's own."""
        pages = [path for path in self._generated_paths if path.endswith(".md")]
        texts = [self.generated(page) or "" for page in pages]
        for commit in self._updates:
            diff = self.git("show", "--format=", "--unified=0", commit, "--", "*.md")
            texts.append("\n".join(line[1:] for line in diff.splitlines() if line[:1] == "+"))
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
        """Say whether a test, `path::function`, is there and can fail."""
        path, _, function = name.partition("::")
        tests = asserting.tests_in(self.read(path))
        return any(test.name == function and asserting.can_fail(test) for test in tests)

    def own_tests(self) -> list[str]:
        """Name a team's own tests that can fail and that do not repeat a generated test."""
        paths = [path for path in self._generated_paths if re.fullmatch(r"tests/.*\.py", path)]
        sources = [self.generated(path) or "" for path in paths]
        for commit in self._updates:
            changed = self.git("show", "--format=", "--name-only", commit, "--", "tests/*.py")
            sources += [self.git("show", f"{commit}:{path}") for path in changed.split()]
        generated_bodies = {
            asserting.body(test) for text in sources for test in asserting.tests_in(text)
        }
        files = sorted(self.folder.glob("tests/**/test_*.py"))
        return [
            test.name
            for path in files
            for test in asserting.tests_in(self.read(path.relative_to(self.folder).as_posix()))
            if asserting.body(test) not in generated_bodies and asserting.can_fail(test)
        ]


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
