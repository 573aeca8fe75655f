"""Git, in a team's repository, whatever a team's settings are."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mlsd.course_error import CourseError
from mlsd.engine.trees import Tree

_SETTINGS = {
    "commit.gpgsign": "false",
    "core.attributesfile": "",  # another merge driver would merge in silence
    "core.hookspath": os.devnull,
    "core.quotepath": "off",
    "core.safecrlf": "false",
    "diff.noprefix": "false",
    "diff.renames": "true",
    "merge.conflictstyle": "diff3",
    "merge.renamelimit": "10000",
    "merge.renames": "true",
    "merge.renormalize": "true",
    "rerere.enabled": "false",
    "submodule.recurse": "false",
}
_NOBODY = {"NAME": "Template", "EMAIL": "template@example.com"}


class Entry(NamedTuple):
    """A path in git's index; `stage` is 0, or in a conflict 1 (base), 2 (yours), 3 (new)."""

    mode: str
    blob: str
    stage: int
    path: str


class Repository:
    """The repository in a project's folder."""

    def __init__(self, folder: Path) -> None:
        """Take a folder; it must be the top of its repository."""
        self.folder = folder
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | {"LC_ALL": "C", "GIT_EDITOR": "true", "GIT_TERMINAL_PROMPT": "0"}
        if not self._known("var", "GIT_COMMITTER_IDENT"):
            for role in ("AUTHOR", "COMMITTER"):
                self._environment |= {f"GIT_{role}_{k}": text for k, text in _NOBODY.items()}

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        check: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git; raises `CourseError` with what it says, unless `check` is off."""
        chosen = _SETTINGS | dict(settings or {})
        options = [word for name, text in chosen.items() for word in ("-c", f"{name}={text}")]
        try:
            done = subprocess.run(
                ["git", "-C", str(self.folder), "--literal-pathspecs", *options, *arguments],
                input=given,
                capture_output=True,
                check=False,
                env=self._environment,
            )
        except FileNotFoundError:
            raise CourseError("git is not installed: see https://git-scm.com.") from None
        if check and done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise CourseError(f"git {' '.join(arguments[:2])}: {said}")
        return done

    def read(self, *arguments: str, check: bool = True) -> str:
        """Give what git prints, without the last line end."""
        return os.fsdecode(self.run(*arguments, check=check).stdout).rstrip("\n")

    def _known(self, *arguments: str) -> bool:
        return self.run(*arguments, check=False).returncode == 0

    @property
    def state_folder(self) -> Path:
        """Give git's own folder, for what must not be committed."""
        return self.folder / self.read("rev-parse", "--git-dir")

    def require_ready(self) -> None:
        """Refuse a folder that git does not know from its top, or with changes in it."""
        if not self._known("rev-parse", "--verify", "HEAD"):
            said = self.run("rev-parse", "--verify", "HEAD", check=False).stderr
            raise CourseError(
                f"{self.folder} has no git repository with a commit: `git init`, add all files, "
                f"and commit ({os.fsdecode(said).strip().splitlines()[0]})."
            )
        if self.read("rev-parse", "--show-prefix"):
            raise CourseError(
                f"{self.folder} is not the top of a git repository: a project inside another one "
                "cannot be changed by this command, give it its own."
            )
        if not self.branch():
            raise CourseError("HEAD is on no branch: run `git switch develop` first.")
        if changed := self.read("status", "--porcelain", "--untracked-files=no"):
            raise CourseError(f"commit or stash these changes first:\n{changed}")
        if hidden := [
            row[2:] for row in self.read("ls-files", "-v").splitlines() if row[0].islower()
        ]:
            raise CourseError(
                "git was told to assume that these are unchanged, so it would lose your edits: "
                f"`git update-index --no-assume-unchanged` each first:\n{chr(10).join(hidden)}"
            )

    def branch(self) -> str:
        """Name the branch that HEAD is on; nothing if it is on none."""
        return self.read("symbolic-ref", "--quiet", "--short", "HEAD", check=False)

    def base(self) -> str:
        """Name where a change begins: develop, here or at the origin, else the current branch."""
        for name, ref in (
            ("develop", "heads/develop"),
            ("origin/develop", "remotes/origin/develop"),
        ):
            if self._known("rev-parse", "--verify", "--quiet", f"refs/{ref}"):
                return name
        return self.branch()

    def behind(self, branch: str) -> int:
        """Count the commits of a branch at the origin that it lacks here."""
        lacks = ("rev-list", "--count", f"{branch}..refs/remotes/origin/{branch}")
        return int(self.read(*lacks, check=False) or 0)

    def switch(self, branch: str) -> None:
        """Go to a branch, or to a new one that follows the origin's; ignored files stay."""
        local = branch.removeprefix("origin/")
        new = () if local == branch else ("--create", local, "--track")
        self.run("switch", "--quiet", "--no-overwrite-ignore", *new, branch)

    def has_branch(self, name: str) -> bool:
        """Say whether there is a branch of this name."""
        return self._known("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")

    def index(self) -> list[Entry]:
        """List git's index."""
        rows = self.read("ls-files", "--stage", "-z").split("\0")
        cut = [row.partition("\t") for row in rows if row]
        entries = [(*about.split(), path) for about, _, path in cut]
        return [Entry(mode, blob, int(stage), path) for mode, blob, stage, path in entries]

    def files(self, tree: str) -> dict[str, str]:
        """Give the blob of each path of a commit or a tree."""
        rows = self.read("ls-tree", "-r", "-z", tree).split("\0")
        cut = [row.partition("\t") for row in rows if row]
        return {path: about.split()[2] for about, _, path in cut}

    def renames(self, old: str, new: str) -> dict[str, str]:
        """Give what was moved between two commits, the old name first."""
        options = ("-r", "--find-renames", "--diff-filter=R", "--name-status", "-z")
        words = self.read("diff-tree", *options, old, new).split("\0")[:-1]
        return dict(zip(words[1::3], words[2::3], strict=True))

    def write_trees(self, trees: Sequence[tuple[str, Tree]]) -> list[str]:
        """Write trees as commits, each after the former, beside all branches; give their names."""
        stream, former = bytearray(), Tree()
        for number, (name, tree) in enumerate(trees, 1):
            stream += f"commit refs/mlsd/{number}\nmark :{number}\n".encode()
            stream += b"committer Template <template@example.com> 0 +0000\n"
            stream += f"data {len(name)}\n{name}\n".encode()
            stream += f"from :{number - 1}\n".encode() if number > 1 else b""
            stream += b"".join(_changes(former, tree))
            former = tree
        self.run("fast-import", "--force", "--quiet", given=bytes(stream))
        return [self.read("rev-parse", f"refs/mlsd/{n}") for n in range(1, len(trees) + 1)]

    def commit_index(self, message: str, parent: str) -> str:
        """Commit the index without a hook and without a signature; give the commit."""
        tree = self.read("write-tree")
        done = self.run("commit-tree", tree, "-p", parent, given=message.encode())
        return done.stdout.decode().strip()

    def forget_trees(self) -> None:
        """Remove the commits that `write_trees` made."""
        for ref in self.read("for-each-ref", "--format=%(refname)", "refs/mlsd").splitlines():
            self.run("update-ref", "-d", ref)


def _changes(old: Tree, new: Tree) -> list[bytes]:
    """Say in the language of `git fast-import` how a tree differs from another."""
    lines = [f"D {_quoted(path)}\n".encode() for path in sorted(old.keys() - new.keys())]
    for path in sorted(new):
        if new[path] != old.get(path):
            content, executable = new[path]
            mode = "100755" if executable else "100644"
            lines.append(f"M {mode} inline {_quoted(path)}\ndata {len(content)}\n".encode())
            lines += [content, b"\n"]
    return lines


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
