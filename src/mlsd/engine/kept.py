"""Renders that are kept in the user's cache: one archive each."""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from mlsd.course_error import CourseError
from mlsd.engine.source import cache
from mlsd.engine.trees import File, Tree

_RECORD = ".cruft.json"
_MODES = {False: 0o644, True: 0o755}


def read(key: str) -> tuple[Tree, dict[str, Any]] | None:
    """Give a render and its record; None if it is not kept, or not whole."""
    try:
        with zipfile.ZipFile(_place(key)) as archive:
            files = {
                about.filename: File(archive.read(about), _can_run(about))
                for about in archive.infolist()
            }
    except (OSError, zipfile.BadZipFile):
        return None
    return files, json.loads(files.pop(_RECORD).content)


def write(key: str, tree: Tree, record: dict[str, Any]) -> None:
    """Keep a render. It is moved into place, so that nobody reads half of it."""
    place = _place(key)
    half = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_RECORD, json.dumps(record))
            for path, file in tree.items():
                about = zipfile.ZipInfo(path)
                about.external_attr = _MODES[file.executable] << 16
                archive.writestr(about, file.content, zipfile.ZIP_DEFLATED)
        half.replace(place)
    except OSError as error:
        raise CourseError(
            f"{place.parent} cannot be written: {error.strerror}. MLSD_CACHE names another folder."
        ) from None


def _can_run(about: zipfile.ZipInfo) -> bool:
    return bool(about.external_attr >> 16 & 0o111)


def _place(key: str) -> Path:
    return cache() / "renders" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.zip"
