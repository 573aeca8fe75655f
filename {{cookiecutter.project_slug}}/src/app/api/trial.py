"""Models on trial: a challenger that answers some of the users, a shadow whose answers none sees.

Set `CHALLENGER` and `SHADOW` to versions of the registry, and `CHALLENGER_SHARE` to the percentage
of the users whom the challenger answers. Who answered whom, and what the shadow would have
answered, goes to the table `trials`; `scripts/experiment.py` compares them.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa

from app import registry
from app.api.answer import to_text
from app.api.journal import Journal
from app.config import read, read_count
from app.errors import AppError, ConfigError
from app.predict import Predictor
from app.storage import open_storage, tables

TRIALS = "trials"
_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """What a model answered, or as a shadow would have answered, to whom; `user` is a hash."""

    id: str
    arm: str
    model_version: str
    user: str
    prediction: str
    made_at: datetime


_TEXTS = [(name, pa.string()) for name in Row._fields[:5]]
_SCHEMA = pa.schema([*_TEXTS, ("made_at", pa.timestamp("us", "UTC"))])


class Trial:
    """The models on trial. None of them can make an answer fail: without them, all is as before.

    Raises
    ------
    ConfigError
        `CHALLENGER_SHARE` is not a percentage.
    """

    def __init__(self) -> None:
        self._share = read_count("CHALLENGER_SHARE", "10")
        if self._share > 100:
            raise ConfigError(f"CHALLENGER_SHARE={self._share} is not a percentage: give 0 to 100.")
        self.journal = Journal(self._remember)

    def choose(self, user: str) -> Predictor | None:
        """Give the challenger for its share of the users, always the same; else None.

        Who does not say who he is gets the champion: his next request could not get the same.
        """
        challenger = self._challenger if user else None
        if challenger is None or _bucket(challenger.version, user) >= self._share:
            return None
        return challenger

    def note(
        self, user: str, arm: str, records: Sequence[Mapping[str, Any]], told: Mapping[str, Any]
    ) -> None:
        """Keep who was answered by whom; the shadow is asked later, by the journal's thread."""
        if self._challenger is None and self._shadow is None:
            return
        version, hashed, now = told["model_version"], _hash(user) if user else "", datetime.now(UTC)
        rows = [
            Row(found["id"], arm, version, hashed, to_text(found["prediction"]), now)
            for found in told["predictions"]
        ]
        self.journal.add(list(zip(rows, records, strict=True)))

    @cached_property
    def _challenger(self) -> Predictor | None:
        return _load("CHALLENGER", registry.load_passed)

    @cached_property
    def _shadow(self) -> Predictor | None:
        return _load("SHADOW", registry.load)

    def _remember(self, noted: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
        rows = [row for row, _ in noted] + self._ask_shadow(noted)
        columns = dict(zip(Row._fields, zip(*rows, strict=True), strict=True))
        open_storage().write(TRIALS, tables.from_columns(columns, _SCHEMA), append=True)

    def _ask_shadow(self, noted: Sequence[tuple[Row, Mapping[str, Any]]]) -> list[Row]:
        if self._shadow is None:
            return []
        try:
            answers = self._shadow.predict([record for _, record in noted])
        except Exception:  # pylint: disable=broad-exception-caught # nobody may notice a shadow
            _log.exception("the shadow %s failed", self._shadow.version)
            return []
        version = self._shadow.version
        return [
            row._replace(arm="shadow", model_version=version, prediction=to_text(found.prediction))
            for (row, _), found in zip(noted, answers, strict=True)
        ]


def _load(variable: str, load: Callable[[str], Predictor]) -> Predictor | None:
    """Load the version that a variable names, if any; a refusal is told and ends the trial."""
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
