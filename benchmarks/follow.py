"""In a project: follow one number through the files of `app`, by what their functions are given.

A function holds the number if it is among its arguments or in what it gives back, however deep.
"""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import app
import numpy as np
import pandas as pd
import pyarrow as pa

MARK = 4321.5
PACKAGE = Path(app.__file__).parent


def holds(value: Any, depth: int = 6) -> bool:
    """Say whether the number is in a value."""
    if isinstance(value, str | bytes):
        return str(MARK) in (value if isinstance(value, str) else value.decode("latin-1"))
    if isinstance(value, float | np.floating):
        return float(value) == MARK
    if isinstance(value, pd.DataFrame | pd.Series):
        value = value.to_numpy().ravel().tolist()
    if isinstance(value, pa.Table | pa.RecordBatch):
        value = value.to_pydict()
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    parts = value.values() if isinstance(value, dict) else value
    return (
        depth > 0
        and isinstance(value, dict | list | tuple)
        and any(holds(part, depth - 1) for part in list(parts))
    )


class Way:
    """The files in the order in which the number passed, each time that it came to another."""

    def __init__(self, last: str) -> None:
        """Begin with no file; the way ends when the function `last` gives something back."""
        self.files: list[str] = []
        self._last = last

    def follow(self) -> None:
        """Look at every call from here on, in this thread and in those that start."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def _see(self, frame: FrameType, event: str, value: Any) -> None:
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(str(PACKAGE)):
            return
        given = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
        if holds(value if event == "return" else given):
            name = Path(code.co_filename).relative_to(PACKAGE).as_posix()
            if self.files[-1:] != [name]:
                self.files.append(name)
        if event == "return" and code.co_name == self._last:
            sys.setprofile(None)


def follow_request() -> Way:
    """Ask the API, from the body of a request until its record is in the store."""
    from app.__main__ import run_all_but
    from app.api.application import create_app
    from app.contract import columns

    run_all_but("deploy", "batch")
    fits = [c for c in columns.features().values() if (c.minimum or 0) < MARK < (c.maximum or 0)]
    record = columns.example_record() | {fits[0].name: MARK}
    application, way = create_app(), Way(last="nothing")
    way.follow()
    assert application.test_client().post("/predict", json=record).status_code == 200
    sys.setprofile(None)
    assert application.extensions["serving"].journal.flush(20)
    return way


def follow_row() -> Way:
    """Ingest the source with one number changed, and train until the model has its inputs."""
    from app.__main__ import run
    from app.data import ingest

    frame = pd.read_csv(ingest.default_source(), dtype=str)
    frame.loc[:20, "Body Mass (g)"] = str(MARK)  # of some penguins, so that one is learnt from
    source = Path("local/followed.csv")
    source.parent.mkdir(exist_ok=True)
    frame.to_csv(source, index=False)
    way = Way(last="to_xy")
    way.follow()
    run("data", str(source))
    run("train")
    sys.setprofile(None)
    return way


if __name__ == "__main__":
    found = {"request": follow_request, "row": follow_row}[sys.argv[1]]()
    count, changes = len(set(found.files)), len(found.files) - 1
    print(f"{sys.argv[1]}: {count} files, {changes} changes: {' -> '.join(found.files)}")
