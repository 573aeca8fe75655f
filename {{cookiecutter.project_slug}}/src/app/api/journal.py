"""Predictions on their way to storage, in the background: no answer waits for it."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from threading import Condition, Event, Thread
from typing import Any

import pyarrow as pa

from app.api import observe
from app.errors import InvalidData
from app.storage import open_storage

AT_ONCE = 5000
"""Predictions per write, at most: so few are one insert, which a warehouse takes at once."""

CAPACITY = 50_000
"""Predictions that wait, at most; each takes about 1 kB."""

LONGEST_REST = 10.0
"""Seconds: so late whoever reads storage may see a prediction, on a slow disk."""

_log = logging.getLogger(__name__)


class Journal:
    """A queue of at most `CAPACITY` predictions, which a thread appends to a table.

    A prediction is a tuple with a value for each column of `schema`.

    Between two writes it rests `pause_seconds`, or 20 times as long as the last write took but at
    most `LONGEST_REST` seconds, so that storage takes little of the machine; not while `AT_ONCE`
    predictions wait.
    While storage is down, or fails in any other way that may pass, they wait, and `problem` says
    why. What finds the queue full, what storage refuses as no row of its table, and what is left at
    the end is lost: the metrics count it and the log says so.
    """

    def __init__(self, table: str, schema: pa.Schema, pause_seconds: float = 1.0) -> None:
        self._target = table, schema
        self._waiting: deque[Any] = deque()
        self._thread = Thread(target=self._work, args=[pause_seconds], name="journal", daemon=True)
        self._closed = False
        self._hurry = Event()
        self._stored = Condition()
        self.problem: str | None = None

    @property
    def waiting(self) -> int:
        """Count the predictions that are not stored yet."""
        return len(self._waiting)

    def add(self, predictions: Sequence[Any]) -> None:
        """Take the predictions of one request; returns at once."""
        if self._closed or len(self._waiting) + len(predictions) > CAPACITY:
            full = f"{CAPACITY} wait for storage already"
            self._lose(len(predictions), "the process ends" if self._closed else full)
            return
        self._waiting.extend(predictions)
        observe.WAITING.inc(len(predictions))
        if self._thread.ident is None:
            self._start()

    def flush(self, seconds: float) -> bool:
        """Wait until all is stored, at most so long; say whether it is."""
        self._hurry.set()
        with self._stored:
            return self._stored.wait_for(lambda: not self._waiting, seconds)

    def close(self, seconds: float) -> None:
        """Store what is left, and count as lost what cannot be stored in time."""
        self.flush(seconds)
        with self._stored:
            self._closed = True
            if left := len(self._waiting):
                self._lose(left, "the process ends and storage did not take them")
                observe.WAITING.dec(left)
                self._waiting.clear()

    def _start(self) -> None:
        """Start the thread with the first prediction: a server forks before that."""
        with self._stored:
            if self._thread.ident is None:
                self._thread.start()

    def _work(self, pause_seconds: float) -> None:
        rest = pause_seconds
        while not self._closed:
            if len(self._waiting) < AT_ONCE:
                self._hurry.wait(rest)
            oldest, started = list(islice(self._waiting, AT_ONCE)), time.monotonic()
            if oldest and not self._store(oldest):
                time.sleep(pause_seconds)
                continue
            self._forget(len(oldest))
            rest = max(pause_seconds, min(20 * (time.monotonic() - started), LONGEST_REST))

    def _forget(self, count: int) -> None:
        """Drop the oldest, which need not wait any longer."""
        with self._stored:
            done = min(count, len(self._waiting))
            for _ in range(done):
                self._waiting.popleft()
            if not self._waiting:
                self._hurry.clear()
            observe.WAITING.dec(done)
            self._stored.notify_all()

    def _store(self, predictions: list[Any]) -> bool:
        """Write to storage; False if these predictions shall be tried again."""
        try:
            self._write(predictions)
            self.problem = None
        except (InvalidData, pa.ArrowException) as error:
            _log.exception("storage refused predictions")
            self._lose(len(predictions), str(error))
        except Exception as error:  # pylint: disable=broad-exception-caught # it may pass
            self.problem = str(error)
            _log.warning("%d predictions wait for storage: %s", len(self._waiting), error)
            return False
        return True

    def _write(self, predictions: list[Any]) -> None:
        """Append to the table, all or none."""
        table, schema = self._target
        columns = dict(zip(schema.names, zip(*predictions, strict=True), strict=True))
        open_storage().write(table, pa.Table.from_pydict(columns, schema), append=True)

    def _lose(self, count: int, why: str) -> None:
        observe.LOST.inc(count)
        _log.error("%d predictions were answered but not stored: %s", count, why)
