"""Which model answers a request: the champion."""

import atexit
from typing import Any

from app import history
from app.api.answer import answer
from app.api.champion import Champion
from app.api.journal import Journal
from app.config import load_settings

END_SECONDS = 6.0
"""So long the end of the process may take to store what is left."""


class Serving:
    """The champion in memory, and the journal of what it answered."""

    def __init__(self) -> None:
        self.champion = Champion(load_settings().champion_poll_seconds)
        self.journal = Journal(history.remember)
        atexit.register(self.close)

    def answer(self, records: list[dict[str, Any]], keep: bool = True) -> dict[str, Any]:
        """Answer parsed records, and keep the answers unless this is only a trial question."""
        return answer(self.champion.predictor(), self.journal if keep else None, records)

    def close(self) -> None:
        """Store what is left, and count as lost what cannot be stored in time."""
        self.journal.close(END_SECONDS)
