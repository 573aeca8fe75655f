"""Refuse what a merge left behind: the marks of a conflict, and files that end in `.rej`."""

import re
import subprocess
from pathlib import Path

from app.__main__ import guarded
from app.errors import AppError

_MARK = re.compile(rb"^(<{7}|\|{7}|>{7}) ", re.MULTILINE)


def main() -> None:
    """Look at every file that git keeps or could keep; raises `AppError` with those to mend."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    files = [Path(name) for name in set(listed.split("\0")) if name]
    marked = [f for f in files if f.is_file() and _MARK.search(f.read_bytes())]
    problems = [
        f"{file} holds the marks of a conflict: choose, then remove them." for file in marked
    ]
    rejected = [file for file in files if file.suffix == ".rej"]
    problems += [f"{file} is a change that was not applied: apply it or not, then delete it."
                 for file in rejected]  # fmt: skip
    if problems:
        raise AppError(*sorted(problems))


if __name__ == "__main__":
    guarded(main)
