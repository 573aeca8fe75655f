"""Which model answers a request: the champion, or for some users the challenger."""

import atexit
import time
from typing import Any

from flask import has_request_context, request

from app import history
from app.api.answer import answer
from app.api.champion import Champion
from app.api.journal import Journal
from app.api.trial import Trial
from app.config import load_settings

END_SECONDS = 6.0
"""So long the end of the process may take to store what is left."""


class Serving:
    """The champion in memory, the models on trial, and the journals of what they answered."""

    def __init__(self) -> None:
        self.champion = Champion(load_settings().champion_poll_seconds)
        self.journal = Journal(history.remember)
        self.trial = Trial()
        atexit.register(self.close)

    def answer(self, records: list[dict[str, Any]], keep: bool = True) -> dict[str, Any]:
        """Answer parsed records; `X-User-Id` says for whom, and decides by which model.

        The answers are kept unless this is only a trial question.
        """
        user = request.headers.get("X-User-Id", "") if has_request_context() else ""
        champion = self.champion.predictor()
        chosen = self.trial.choose(user) or champion
        told = answer(chosen, self.journal if keep else None, records)
        if keep:
            self.trial.note(user, "champion" if chosen is champion else "challenger", records, told)
        return told

    def close(self) -> None:
        """Store what is left, the answers first, and count as lost what is not stored in time."""
        end = time.monotonic() + END_SECONDS
        for journal in (self.journal, self.trial.journal):
            journal.close(max(0.0, end - time.monotonic()))
