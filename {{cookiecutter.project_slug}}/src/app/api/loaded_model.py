"""The model that answers: loaded by the first request, looked up again every few seconds."""

import logging
import time
from threading import Event, Lock, Thread

from app.api import observe
from app.errors import AppError
from app.registry import predictor, versions

_log = logging.getLogger(__name__)


class LoadedModel:
    """The champion of the registry, in memory as `predictor`, None before the first request.

    Once it is loaded, a thread looks every `seconds` who is champion. Requests go on with the model
    at hand until the next one is loaded and checked, so a change makes none of them wait or fail.
    A champion that is refused, or a registry that does not answer, leaves it; so does whatever else
    goes wrong, because a thread that ends would never find the next champion. `problem` says what.
    """

    def __init__(self, seconds: float) -> None:
        self.predictor: predictor.Predictor | None = None
        self._seconds = seconds
        self._loading = Lock()
        self._closed = Event()
        self.problem: str | None = None
        self._confirmed = 0.0

    def load(self) -> predictor.Predictor:
        """Load the model, while the first requests wait for it.

        Raises
        ------
        ModelRefused, StorageUnavailable
            The champion cannot be loaded.
        """
        with self._loading:
            if self.predictor is None:
                self.predictor = self._look()
                Thread(target=self._look_again, name="champion", daemon=True).start()
            return self.predictor

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def status(self) -> dict[str, object]:
        """Tell the model's version, when the registry last confirmed it, and what went wrong."""
        version = self.predictor.version if self.predictor else None
        ago = round(time.monotonic() - self._confirmed, 1) if version else None
        return {"model_version": version, "confirmed_seconds_ago": ago, "problem": self.problem}

    def _look(self) -> predictor.Predictor:
        """Give the champion, which is loaded if it is another one than that in memory."""
        started = time.monotonic()
        try:
            champion = versions.load_champion(self.predictor)
        except Exception as error:
            self.problem = str(error)
            raise
        if champion is not self.predictor:
            took = time.monotonic() - started
            _log.info("model %s is loaded and serves (%.2f s)", champion.version, took)
        self.problem, self._confirmed = None, time.monotonic()
        observe.CONFIRMED.set_to_current_time()
        return champion

    def _look_again(self) -> None:
        while not self._closed.wait(max(self._seconds, 0.1)):
            try:
                self.predictor = self._look()
            except Exception as error:  # pylint: disable=broad-exception-caught # looks again
                _log.error("the model stays: %s", error, exc_info=not isinstance(error, AppError))
