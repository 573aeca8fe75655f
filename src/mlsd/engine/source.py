"""The template's repository: read at any of its commits, fetched where it is elsewhere."""

import hashlib
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

import platformdirs

from mlsd.course_error import CourseError

STENCIL = "{{cookiecutter.project_slug}}"
_REWRITTEN = (
    "Its history may have been rewritten. Name the version that this project was made from: "
    "--from COMMIT."
)


def cache() -> Path:
    """Give the folder for what can be had again; `MLSD_CACHE` names another one."""
    return Path(os.environ.get("MLSD_CACHE") or platformdirs.user_cache_dir("mlsd")).absolute()


def git(*arguments: str | Path, check: bool = True) -> bytes:
    """Run git and give what it prints; raises `CourseError` with its last line."""
    try:
        done = subprocess.run(
            ["git", *map(str, arguments)],
            capture_output=True,
            check=False,
            env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise CourseError("git is not installed: see https://git-scm.com.") from None
    if done.returncode and check:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CourseError(f"the template cannot be read by git: {' '.join(said[:2])}")
    return done.stdout if not done.returncode else b""


class Source:
    """Where a template comes from: an address, or a folder with a repository."""

    def __init__(self, recorded: str) -> None:
        """Take what `.cruft.json` records; if that is no repository, the template of these tools.

        An archive holds one version only, so it is none.
        """
        self.name = recorded
        known = _is_address(recorded) or (Path(recorded).is_absolute() and Path(recorded).is_dir())
        self.place = recorded if known else _of_these_tools()
        if not self.place:
            raise CourseError(
                f"the template {recorded!r} of .cruft.json is no repository that can be reached "
                "from here: write its address there, as your teachers give it."
            )

    def resolve(self, name: str, remedy: str = "") -> str:
        """Give the whole name of a commit, a branch or a tag; fetch it if it is not known."""
        found = self._commit(name)
        if not found and _is_address(self.place):
            self._fetch()
            found = self._commit(name)
        if not found:
            raise CourseError(
                f"the template {self.name!r} has no commit {name!r}"
                f"{self._instead}. {remedy or _REWRITTEN}"
            )
        return found

    def newest(self, to: str, branch: str | None) -> str:
        """Give the commit to update to, after fetching: that of `to`, or the newest of a branch.

        `branch` is what generation was told to check out. A tag would keep a project where it is.
        """
        if _is_address(self.place):
            self._fetch()
        is_branch = branch and self._commit(f"refs/heads/{branch}")
        remedy = "Give a commit, a branch or a tag of it: --to NAME."
        return self.resolve(to or (branch if is_branch and branch else "HEAD"), remedy)

    def commits(self) -> list[str]:
        """List all commits, the newest first."""
        return git(*self._git, "rev-list", "--all", "--date-order").decode().split()

    def listing(self, commit: str) -> set[tuple[str, str]]:
        """List path and blob of every file of the project folder at a commit."""
        top = git(*self._git, "ls-tree", "--name-only", "-z", commit).decode().split("\0")
        folder = next((name for name in top if "cookiecutter" in name and "{{" in name), STENCIL)
        text = git(*self._git, "ls-tree", "-r", "-z", f"{commit}:{folder}", check=False).decode()
        rows = (row.partition("\t") for row in text.split("\0") if row)
        return {(path, about.split()[2]) for about, _, path in rows}

    def commit_of(self, folder: Path) -> str:
        """Guess the commit that a project was made from: its files are most like that commit's."""
        known = git("-C", folder, "ls-tree", "-r", "-z", "HEAD", check=False).decode()
        rows = (row.partition("\t") for row in known.split("\0") if row)
        own = {(path, about.split()[2]) for about, _, path in rows}
        listings = {commit: self.listing(commit) for commit in self.commits()} if own else {}
        if not listings:
            raise CourseError(
                f"the record of {folder} names no commit of the template, and none can be guessed "
                "without a git repository here: `git init`, add all files, and commit."
            )
        return max(
            listings, key=lambda commit: (len(own & listings[commit]), -len(listings[commit] - own))
        )

    def read(self, commit: str, path: str) -> str:
        """Give the text of a file of the template at a commit; nothing if it is absent."""
        return git(*self._git, "show", f"{commit}:{path}", check=False).decode("utf-8", "replace")

    @contextmanager
    def extracted(self, commit: str) -> Iterator[Path]:
        """Write all files of a commit into a folder, for as long as the block lasts."""
        with TemporaryDirectory(prefix="template-", ignore_cleanup_errors=True) as folder:
            place = Path(folder).resolve()
            archive = git(*self._git, "archive", "--format=tar", self.resolve(commit))
            with tarfile.open(fileobj=BytesIO(archive)) as tar:
                if hasattr(tarfile, "data_filter"):  # since Python 3.11.4
                    tar.extraction_filter = tarfile.data_filter
                tar.extractall(place)
            yield place

    @property
    def _instead(self) -> str:
        same = self.place == self.name
        return "" if same else f" (it is not there; {self.place} was looked at instead)"

    @property
    def _git(self) -> tuple[str, ...]:
        folder = self._clone if _is_address(self.place) else Path(self.place)
        return ("-C", str(folder))

    @property
    def _clone(self) -> Path:
        return cache() / "templates" / hashlib.sha256(self.place.encode()).hexdigest()[:16]

    def _commit(self, name: str) -> str:
        if _is_address(self.place) and not self._clone.exists():
            return ""
        wanted = (*self._git, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return git(*wanted, check=False).decode().strip()

    def _fetch(self) -> None:
        """Bring the clone up to date; make it where there is none."""
        if not self._clone.exists():
            self._clone.parent.mkdir(parents=True, exist_ok=True)
            half = self._clone.with_suffix(f".{os.getpid()}")
            git("clone", "--quiet", "--bare", self.place, half)
            half.rename(self._clone)
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        git(*self._git, "fetch", "--quiet", "--prune", "origin", *everything)


def tools_address(source: str) -> str:
    """Give the address from which `uvx` takes the tools, as generation writes it into TOML."""
    source = source.replace("\\", "\\\\").replace('"', '\\"')
    ssh = re.fullmatch(r"(\w+@[^:/]+):(.+)", source)
    if ssh:
        return f"git+ssh://{ssh[1]}/{ssh[2]}"
    return f"git+{source}" if "://" in source else source


def _is_address(place: str) -> bool:
    return "://" in place or bool(re.match(r"\w+@[^:/]+:", place))


def _of_these_tools() -> str:
    """Give the folder or the address that these tools were installed from."""
    try:
        told = distribution("mlsd").read_text("direct_url.json")
    except PackageNotFoundError:
        return ""
    url: str = json.loads(told or "{}").get("url", "")
    if not url.startswith("file:"):
        return url
    path = Path(url2pathname(urlsplit(url).path))
    return str(path) if path.is_dir() else ""
