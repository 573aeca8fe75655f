"""Follow one number through the files of `app`; this runs in a project.

A function holds the number if the number is in an argument or in the result, however deep.
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
    """The files that the number passes, in order; a file comes again if the number returns."""

    def __init__(self, last: str) -> None:
        """Begin with no file. The way ends when the function `last` returns."""
        self.files: list[str] = []
        self._last = last

    def follow(self) -> None:
        """Watch every call from now on, in this thread and in threads that start later."""
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
    frame.loc[:20, "Body Mass (g)"] = str(MARK)  # several rows: one is in the training data
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
    way = {"request": follow_request, "row": follow_row}[sys.argv[1]]()
    count, changes = len(set(way.files)), len(way.files) - 1
    print(f"{sys.argv[1]}: {count} files, {changes} changes: {' -> '.join(way.files)}")
