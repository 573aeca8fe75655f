"""A team's project as it is now, beside what the template generated."""

import ast
import json
import re
import subprocess
from functools import cached_property
from pathlib import Path

_FENCE = re.compile(r"^(```|~~~).*?^\1", flags=re.MULTILINE | re.DOTALL)
_OFTEN = 4
"""A word counts at most so often in one place: a page is not filled by repeating one."""


class Project:
    """Files of a project, and which lines and tests of them are the team's own.

    What was generated is read from the first commit, which the template made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        """Give what git prints, or nothing if it fails."""
        command = ["git", "-C", str(self.folder), "-c", "core.quotepath=off", *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

    def read(self, path: str) -> str:
        """Give the text of a file; nothing if it is absent."""
        try:
            return (self.folder / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    @cached_property
    def answers(self) -> dict[str, str]:
        """Give the answers that the project was generated with."""
        record = json.loads(self.read(".cruft.json") or "{}")
        found: dict[str, str] = record.get("context", {}).get("cookiecutter", {})
        return found

    @cached_property
    def _root(self) -> str:
        return self.git("rev-list", "--max-parents=0", "HEAD").split("\n")[0]

    def generated(self, path: str) -> str | None:
        """Give what the template generated at a path; None if nothing, or there is no git."""
        if not self._root or path not in self._generated_paths:
            return None
        return self.git("show", f"{self._root}:{path}")

    @cached_property
    def _generated_paths(self) -> list[str]:
        return self.git("ls-tree", "-r", "--name-only", self._root).splitlines()

    @cached_property
    def _generated_lines(self) -> set[str]:
        """Give every line of every page that was generated: copied, it is not a team's own."""
        pages = [path for path in self._generated_paths if path.endswith(".md")]
        return {
            line.strip() for page in pages for line in (self.generated(page) or "").splitlines()
        }

    def own_text(self, path: str, under: str = "") -> str:
        """Give the lines of a page that the template did not write, perhaps of one section."""
        text = _FENCE.sub("", self.read(path))
        if under:
            parts = re.split(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
            sections = dict(zip(parts[1::2], parts[2::2], strict=True))
            text = sections.get(under, "")
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        return "\n".join(line for line in lines if line not in self._generated_lines)

    def own_words(self, path: str, under: str = "") -> int:
        """Count a team's own words; a word counts a few times only, filler text not at all."""
        text = re.sub(
            r"!?\[[^\]]*\]\([^)]*\)|https?://\S+|`[^`]*`", " ", self.own_text(path, under)
        )
        words = re.findall(r"[^\W\d_]{2,}", text.lower())
        if "lorem" in words:
            return 0
        return sum(min(_OFTEN, words.count(word)) for word in set(words))

    def has_test(self, name: str) -> bool:
        """Say whether a test, `path::function`, is there and can fail."""
        path, _, function = name.partition("::")
        return any(test.name == function and _can_fail(test) for test in _tests(self.read(path)))

    def own_tests(self) -> list[str]:
        """Name the tests that a team wrote, that ask its own code, and that can fail."""
        generated = {
            ast.dump(test)
            for path in self._generated_paths
            if re.fullmatch(r"tests/.*\.py", path)
            for test in _tests(self.generated(path) or "")
        }
        return [
            test.name
            for path in sorted(self.folder.glob("tests/**/test_*.py"))
            for test in _tests(path.read_text(encoding="utf-8"))
            if ast.dump(test) not in generated and _can_fail(test)
        ]


def _tests(source: str) -> list[ast.FunctionDef]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name.startswith("test")]


def _can_fail(test: ast.FunctionDef) -> bool:
    """Say whether a test asserts something about what something else gave it."""
    calls = any(isinstance(node, ast.Call) for node in ast.walk(test))
    asks = [node.test for node in ast.walk(test) if isinstance(node, ast.Assert)]
    asserts = any(isinstance(n, ast.Name | ast.Call) for ask in asks for n in ast.walk(ask))
    raises = any(isinstance(n, ast.Attribute) and n.attr == "raises" for n in ast.walk(test))
    return (calls or bool(test.args.args)) and (asserts or raises)
