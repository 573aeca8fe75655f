"""The champion that this process serves: loaded when first needed, replaced when promoted."""

import logging
import time
from threading import Lock

from app import registry
from app.predict import Predictor

_LOOK_AGAIN_SECONDS = 5.0
_log = logging.getLogger(__name__)


class CurrentChampion:
    """The champion's predictor; asks the registry every five seconds whether it changed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._predictor: Predictor | None = None
        self._looked_at = -_LOOK_AGAIN_SECONDS

    def get(self) -> Predictor:
        """Give the champion; raises `ModelRefused` if there is none that can be served."""
        with self._lock:
            if self._predictor is None or self._may_have_changed():
                self._refresh()
            assert self._predictor is not None
            return self._predictor

    def _may_have_changed(self) -> bool:
        return time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS

    def _refresh(self) -> None:
        version = registry.champion().version
        if self._predictor is None or version != self._predictor.version:
            self._predictor = registry.load_champion()
            _log.info("serving model %s", self._predictor.version)
        self._looked_at = time.monotonic()
