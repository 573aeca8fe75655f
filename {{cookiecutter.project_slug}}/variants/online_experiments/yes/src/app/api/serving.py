"""Which model answers a request: the champion, or for some users the challenger."""

from typing import Any

from flask import has_request_context, request

from app import history
from app.api.answer import answer
from app.api.champion import Champion
from app.api.journal import Journal
from app.api.trial import Trial
from app.config import load_settings


class Serving:
    """The champion in memory, the models on trial, and the journals of what they answered."""

    def __init__(self) -> None:
        self.champion = Champion(load_settings().champion_poll_seconds)
        self.journal = Journal(history.remember)
        self.trial = Trial()

    def answer(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Answer parsed records; `X-User-Id` says for whom, and decides by which model."""
        user = request.headers.get("X-User-Id", "") if has_request_context() else ""
        champion = self.champion.predictor()
        chosen = self.trial.choose(user) or champion
        told = answer(chosen, self.journal, records)
        self.trial.note(user, "champion" if chosen is champion else "challenger", records, told)
        return told

    def close(self) -> None:
        """Store what is left."""
        self.journal.close()
        self.trial.journal.close()
