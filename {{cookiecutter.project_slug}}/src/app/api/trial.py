"""Models on trial: a challenger answers some of the users, a shadow answers nobody.

Set `CHALLENGER` and `SHADOW` to versions of the registry, and `CHALLENGER_SHARE` to the percentage
of the users whom the challenger answers. Who answered whom, and what the shadow would have
answered, goes to the table `trials`; `scripts/experiment.py` compares them.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from flask import has_request_context, request

from app.api import journal
from app.config import read, read_count
from app.errors import AppError, ConfigError
from app.registry import versions
from app.registry.predictor import Predictor
from app.storage.appended import COLUMNS, Row

_log = logging.getLogger(__name__)

TRIALS = "trials"
COLUMNS[TRIALS] = {
    "id": "text",
    "arm": "text",
    "model_version": "text",
    "user": "text",
    "prediction": "json",
    "made_at": "time",
}
"""What a model answered, or as a shadow would have answered, to whom; `user` is a hash."""


class Trial(journal.Journal):
    """The models on trial, and the journal of who answered whom.

    None of them can make an answer fail: without them, all is as before. So their rows always wait
    in the queue, on a laptop too.

    Raises
    ------
    ConfigError
        `CHALLENGER_SHARE` is not a percentage.
    """

    def __init__(self) -> None:
        super().__init__(TRIALS)
        self._share = read_count("CHALLENGER_SHARE", "10")
        if self._share > 100:
            raise ConfigError(f"CHALLENGER_SHARE={self._share} is not a percentage: give 0 to 100.")

    def choose(self, champion: Predictor) -> Predictor:
        """Give the challenger for its share of the users, always the same; else the champion.

        Users who do not say who they are get the champion: their next request could not get the
        same.
        """
        user = _user()
        challenger = self._challenger if user else None
        if challenger is None or _bucket(challenger.version, user) >= self._share:
            return champion
        return challenger

    def note(
        self,
        chosen: Predictor,
        records: Sequence[Mapping[str, Any]],
        answers: Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep who was answered by whom; the shadow is asked later, by the journal's thread."""
        if self._challenger is None and self._shadow is None:
            return
        user, now = _user(), datetime.now(UTC)
        arm = "challenger" if chosen is self._challenger else "champion"
        hashed = _hash(user) if user else ""
        shared = {"arm": arm, "model_version": chosen.version, "user": hashed, "made_at": now}
        rows = [{"id": a["id"], "prediction": a["prediction"]} | shared for a in answers]
        if self.waiting < journal.CAPACITY:
            self.queue(list(zip(rows, records, strict=True)))
        else:
            self._lose(len(rows), f"{journal.CAPACITY} wait for storage already")

    @cached_property
    def _challenger(self) -> Predictor | None:
        return _load("CHALLENGER", versions.load_passed)

    @cached_property
    def _shadow(self) -> Predictor | None:
        return _load("SHADOW", versions.load)

    def _write(self, rows: list[Any]) -> None:
        super()._write([row for row, _ in rows] + self._ask_shadow(rows))

    def _ask_shadow(self, noted: Sequence[tuple[Row, Mapping[str, Any]]]) -> list[Row]:
        if self._shadow is None:
            return []
        try:
            answers = self._shadow.predict([record for _, record in noted])
        except Exception:  # pylint: disable=broad-exception-caught # nobody may notice a shadow
            _log.exception("the shadow %s failed", self._shadow.version)
            return []
        shared = {"arm": "shadow", "model_version": self._shadow.version}
        return [
            row | shared | {"prediction": answer.prediction}
            for (row, _), answer in zip(noted, answers, strict=True)
        ]


def _user() -> str:
    """Give who asks, as `X-User-Id` says it; nobody where there is no request."""
    return request.headers.get("X-User-Id", "") if has_request_context() else ""


def _load(variable: str, load: Callable[[str], Predictor]) -> Predictor | None:
    """Load the version that a variable names, if any; a refusal is logged and ends the trial."""
    version = read(variable, "")
    if not version:
        return None
    try:
        predictor = load(version)
    except AppError as error:
        _log.error("%s=%r is not on trial: %s", variable, version, error)
        return None
    _log.info("%s %s is on trial", variable, version)
    return predictor


def _bucket(version: str, user: str) -> int:
    """Give a number from 0 to 99; another challenger draws other users."""
    return int(_hash(f"{version} {user}"), 16) % 100


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
