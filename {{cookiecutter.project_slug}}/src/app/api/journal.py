"""What was predicted, on its way to storage: there before the answer, or soon after it."""

import logging
import time
from collections import deque
from itertools import islice
from threading import Condition, Event, Thread
from typing import Any

from app.api import observe
from app.errors import InvalidData, StorageUnavailable
from app.storage import open_storage

AT_ONCE = 5000
"""Rows per write, at most: so few are one insert, which a warehouse takes at once."""

CAPACITY = 50_000
"""Rows that wait, at most; each takes about 1 kB."""

_log = logging.getLogger(__name__)


class Journal:
    """The rows of one table, of which none is forgotten after its answer.

    On a laptop a row is stored when `add` returns. Google Cloud takes a while: there up to
    `CAPACITY` rows wait in memory, and a thread stores them, a second or so later. While storage is
    down, or fails in any other way that may pass, they wait, and `problem` says why.

    What storage refuses as no row of its table, and what is left at the end, is lost: the metrics
    count it and the log says so.
    """

    def __init__(self, table: str, pause_seconds: float = 1.0) -> None:
        self._table = table
        self._waiting: deque[Any] = deque()
        self._thread = Thread(target=self._work, args=[pause_seconds], name="journal", daemon=True)
        self._closed = False
        self._hurry = Event()
        self._stored = Condition()
        self.problem: str | None = None

    @property
    def waiting(self) -> int:
        """Count the rows that are not stored yet."""
        return len(self._waiting)

    def require_room(self, count: int) -> None:
        """Refuse before anything is predicted what could not be stored.

        Raises
        ------
        StorageUnavailable
            Too many rows wait already, or the process ends.
        """
        if self._closed:
            raise StorageUnavailable("this process ends: ask again, another one answers.")
        if len(self._waiting) + count > CAPACITY:
            why = self.problem or "they come faster than it takes them"
            raise StorageUnavailable(f"{CAPACITY} predictions wait for storage already: {why}.")

    def add(self, rows: list[Any]) -> None:
        """Store the rows of one request, now or soon.

        Raises
        ------
        StorageUnavailable
            They cannot be stored where rows are stored at once.
        """
        if open_storage().appends_at_once:
            open_storage().append(self._table, rows)
        else:
            self.queue(rows)

    def queue(self, rows: list[Any]) -> None:
        """Take the rows of one request; returns at once."""
        with self._stored:
            if self._closed:
                self._lose(len(rows), "the process ends")
                return
            self._waiting.extend(rows)
            observe.WAITING.inc(len(rows))
            if self._thread.ident is None:
                self._thread.start()

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

    def _work(self, pause_seconds: float) -> None:
        while not self._closed:
            if len(self._waiting) < AT_ONCE:
                self._hurry.wait(pause_seconds)
            oldest = list(islice(self._waiting, AT_ONCE))
            if oldest and not self._store(oldest):
                time.sleep(pause_seconds)
                continue
            self._forget(len(oldest))

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

    def _store(self, rows: list[Any]) -> bool:
        """Write to storage; False if these rows shall be tried again."""
        try:
            self._write(rows)
            self.problem = None
        except InvalidData as error:
            _log.exception("storage refused rows")
            self._lose(len(rows), str(error))
        except Exception as error:  # pylint: disable=broad-exception-caught # it may pass
            self.problem = str(error)
            _log.warning("%d rows wait for storage: %s", len(self._waiting), error)
            return False
        return True

    def _write(self, rows: list[Any]) -> None:
        open_storage().append(self._table, rows)

    def _lose(self, count: int, why: str) -> None:
        observe.LOST.inc(count)
        _log.error("%d rows of %s were answered but not stored: %s", count, self._table, why)
