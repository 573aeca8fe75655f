"""The model that answers: loaded by the first request, looked up again every few seconds."""

import logging
import time
from threading import Lock, Thread

from app import registry
from app.api import observe
from app.errors import AppError
from app.predict import Predictor

_log = logging.getLogger(__name__)


class Champion:
    """The champion of the registry, in memory.

    Every `seconds` a request, also for `/health`, makes a thread look who is champion now. Requests
    go on with the model at hand until the next one is loaded and checked, so a change makes none of
    them wait or fail. A champion that is refused, or a registry that does not answer, leaves it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._looking = Lock()
        self._predictor: Predictor | None = None
        self._problem: str | None = None
        self._tried = self._confirmed = 0.0

    def predictor(self) -> Predictor:
        """Give the model; only the first requests wait, until it is loaded.

        Raises
        ------
        ModelRefused, StorageUnavailable
            There is no model yet, and the champion cannot be loaded.
        """
        if self._predictor is None:
            with self._looking:
                if self._predictor is None:
                    self._look()
        self._look_sometimes()
        assert self._predictor is not None
        return self._predictor

    def status(self) -> dict[str, object]:
        """Tell the model's version, when the registry last confirmed it, and what went wrong."""
        self._look_sometimes()
        if self._predictor is None:
            return {"model_version": None, "confirmed_seconds_ago": None, "problem": self._problem}
        ago = round(time.monotonic() - self._confirmed, 1)
        version = self._predictor.version
        return {"model_version": version, "confirmed_seconds_ago": ago, "problem": self._problem}

    def _look_sometimes(self) -> None:
        if self._predictor is not None and time.monotonic() - self._tried >= self._seconds:
            self._tried = time.monotonic()
            Thread(target=self._look_again, daemon=True).start()

    def _look(self) -> None:
        """Load the champion, if it is another one than that in memory."""
        self._tried = time.monotonic()
        try:
            found = registry.load_champion(self._predictor)
        except AppError as error:
            self._problem = str(error)
            raise
        if found is not self._predictor:
            took = time.monotonic() - self._tried
            _log.info("model %s is loaded and serves (%.2f s)", found.version, took)
        self._predictor, self._problem, self._confirmed = found, None, time.monotonic()
        observe.CONFIRMED.set_to_current_time()

    def _look_again(self) -> None:
        try:
            with self._looking:
                self._look()
        except AppError:
            _log.error("the model in memory stays: %s", self._problem)
