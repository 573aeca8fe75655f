"""Known errors of Google Cloud, and what to do about each; the table is `errors.toml`."""

import re
import tomllib
from importlib.resources import files
from typing import TypedDict


class Known(TypedDict):
    """An error: how its text is recognised, an example, why it comes, what to do."""

    pattern: str
    example: str
    cause: str
    remedy: str


def known() -> list[Known]:
    """Read the table; the first row whose pattern is found in a text explains it."""
    text = (files("mlsd") / "errors.toml").read_text(encoding="utf-8")
    rows: list[Known] = tomllib.loads(text)["errors"]
    return rows


def find(error: str) -> Known | None:
    """Find the row that explains an error."""
    text = " ".join(error.split())
    return next((row for row in known() if re.search(row["pattern"], text, re.IGNORECASE)), None)


def tell(error: str) -> int:
    """Print the explanation; give the exit code, 1 if the error is not known."""
    row = find(error)
    if row is None:
        print("This error is not known here. Ask with its whole text, and the command before it.")
        return 1
    print(f"Why:  {row['cause']}\nDo:   {row['remedy']}")
    return 0
