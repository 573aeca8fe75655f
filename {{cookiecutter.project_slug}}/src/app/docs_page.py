"""Pages that commands write into docs/: Markdown, with a figure beside it."""

import hashlib
import logging
from pathlib import Path

from matplotlib.figure import Figure

_log = logging.getLogger(__name__)


def write(page: Path, text: str, figure: Figure) -> None:
    """Write a page and its figure: docs/EDA.md has docs/figures/eda.png.

    The figure holds the hash of the text, so that `mlsd` finds a figure of another text.
    """
    image = page.parent / "figures" / f"{page.stem.lower()}.png"
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(image, dpi=80, metadata={"Source": hashlib.sha256(text.encode()).hexdigest()})
    page.write_text(text, encoding="utf-8", newline="\n")
    _log.info("wrote %s and %s", page, image)
