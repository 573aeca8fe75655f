"""The page that the commands fill: each writes between its own two marks."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.errors import ConfigError

PAGE = Path("docs/OPTIMISATION.md")
_log = logging.getLogger(__name__)


def write(mark: str, text: str) -> None:
    """Print a text, and put it between `<!-- mark -->` and `<!-- end of mark -->` of the page."""
    whole = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    parts = re.split(rf"(?s)(<!-- {mark} -->\n).*?(\n<!-- end of {mark} -->)", whole)
    if len(parts) != 4:
        raise ConfigError(
            f"{PAGE.as_posix()} has lost its marks `<!-- {mark} -->` and `<!-- end of {mark} -->`, "
            "between which this is written: put them back, each on a line of its own, once."
        )
    _log.info("%s", text)
    PAGE.write_text(parts[0] + parts[1] + text + parts[2] + parts[3], "utf-8", newline="\n")
    _log.info("wrote %s", PAGE.as_posix())


def table(heads: str, rows: Iterable[Sequence[Any]]) -> str:
    """Write rows in Markdown, below heads such as "rows | seconds"; three digits count."""
    rules = " | ".join(["---"] * len(heads.split(" | ")))
    lines = [heads, rules, *(" | ".join(map(_text, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _text(cell: Any) -> str:
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if 100 <= abs(cell) < 1e6 else f"{cell:.3g}"
