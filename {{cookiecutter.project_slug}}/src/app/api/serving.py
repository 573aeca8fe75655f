"""Which model answers a request: the champion."""

from typing import Any

from app import history
from app.api.answer import answer
from app.api.champion import Champion
from app.api.journal import Journal
from app.config import load_settings


class Serving:
    """The champion in memory, and the journal of what it answered."""

    def __init__(self) -> None:
        self.champion = Champion(load_settings().champion_poll_seconds)
        self.journal = Journal(history.remember)

    def answer(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Answer parsed records."""
        return answer(self.champion.predictor(), self.journal, records)

    def close(self) -> None:
        """Store what is left."""
        self.journal.close()
