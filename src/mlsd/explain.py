"""Known errors of Google Cloud, and what to do about each; the table is `errors.toml`."""

import re
import tomllib
from importlib.resources import files
from typing import TypedDict


class KnownError(TypedDict):
    """An error: how its text is recognised, an example, why it comes, what to do."""

    pattern: str
    example: str
    cause: str
    remedy: str


def known_errors() -> list[KnownError]:
    """Read the table of errors. The first row whose pattern matches a text explains it."""
    text = (files("mlsd") / "errors.toml").read_text(encoding="utf-8")
    rows: list[KnownError] = tomllib.loads(text)["errors"]
    return rows


def find(error: str) -> KnownError | None:
    """Find the row that explains an error."""
    text = " ".join(error.split())
    rows = (row for row in known_errors() if re.search(row["pattern"], text, re.IGNORECASE))
    return next(rows, None)


def tell(error: str) -> int:
    """Print the explanation. Give the exit code, which is 1 if the error is not known."""
    row = find(error)
    if row is None:
        print("This error is not known here. Ask with its whole text, and the command before it.")
        return 1
    print(f"Why:  {row['cause']}\nDo:   {row['remedy']}")
    return 0
