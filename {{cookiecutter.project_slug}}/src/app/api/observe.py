"""What is logged and counted of each request: an id, one line of log, metrics for Prometheus."""

import logging
import re
import time
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from prometheus_client import Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SECONDS = Histogram("api_request_seconds", "Time", ["operation", "status"], buckets=_BUCKETS)
"""Its count is the traffic, its label `status` the errors."""

PREDICTIONS = Counter("api_predictions", "Predictions answered", ["model_version"])
LOST = Counter("api_predictions_lost", "Predictions answered but never stored")
WAITING = Gauge("api_predictions_waiting", "Not stored yet")
CONFIRMED = Gauge("api_champion_confirmed_timestamp_seconds", "Champion last confirmed")
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_QUIET = ("health", "ready", "metrics")
_log = logging.getLogger("app.request")


class Request:
    """One request, from its arrival to its answer; `given_id` is what its client calls it."""

    def __init__(self, given_id: str = "", trace: str = "") -> None:
        self._started = time.perf_counter()
        self.unique = uuid4().hex
        self.id = given_id if _ID.fullmatch(given_id) else self.unique
        self._trace = trace.partition("/")[0]
        self.model_version: str | None = None

    def finish(self, operation: str, method: str, path: str, status: int) -> None:
        """Count, time and log the request."""
        seconds = time.perf_counter() - self._started
        _SECONDS.labels(operation, str(status)).observe(seconds)
        level = logging.ERROR if status >= 500 else logging.INFO
        if operation not in _QUIET and _log.isEnabledFor(level):
            http_request = {"requestMethod": method, "requestUrl": path, "status": status}
            fields: dict[str, Any] = {"request_id": self.id, "trace": self._trace}
            fields["httpRequest"] = http_request | {"latency": f"{seconds:.6f}s"}
            fields["model_version"] = self.model_version
            _log.log(level, "%s %s %d", method, path, status, extra={"fields": fields})


_current: ContextVar[Request] = ContextVar("request")


def begin(given_id: str = "", trace: str = "") -> Request:
    """Start to observe a request."""
    observed = Request(given_id, trace)
    _current.set(observed)
    return observed


def current() -> Request:
    """Give the request that is being answered."""
    return _current.get()


def metrics() -> bytes:
    """Give the metrics, as Prometheus reads them."""
    return generate_latest()
