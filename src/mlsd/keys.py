"""Look for private keys in the history of a project: who clones it gets them all."""

import sys

from mlsd.project import Project

_KEY = "-----BEGIN [A-Z ]*PRIVATE KEY-----"
_PAGE = "docs/GITFLOW.md"


def warn(project: Project) -> None:
    """Say which files hold a private key, in whatever commit, and which page says what to do.

    The warning goes to the error stream: it does not belong into a table for a page.
    """
    for path in find(project):
        print(
            f"WARNING: a commit holds a private key, in {path}. Once it is pushed it is public: "
            f"do what {project.where(_PAGE)} says under 'A key is public', in that order.",
            file=sys.stderr,
        )


def find(project: Project) -> list[str]:
    """Name the files that hold a private key in a commit of a branch or a tag."""
    log = ("log", "--branches", "--remotes", "--tags", "--format=", "--name-only")
    return sorted(set(project.git(*log, f"-G{_KEY}").splitlines()))
