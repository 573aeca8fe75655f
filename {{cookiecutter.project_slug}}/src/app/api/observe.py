"""What is told of each request: an id, one line of log, and metrics for Prometheus."""

import logging
import os
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

_SECONDS = Histogram(
    "api_request_seconds",
    "Time to answer; its count is the traffic, its status the errors",
    ["operation", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
PREDICTIONS = Counter("api_predictions", "Predictions answered", ["model_version"])
LOST = Counter("api_predictions_lost", "Predictions answered but never stored")
WAITING = Gauge(
    "api_predictions_waiting", "Predictions not stored yet", multiprocess_mode="livesum"
)
CONFIRMED = Gauge(
    "api_champion_confirmed_timestamp_seconds",
    "When the registry last confirmed the champion",
    multiprocess_mode="livemostrecent",
)
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_QUIET = ("health", "ready", "metrics")
_log = logging.getLogger("app.request")


class Request:
    """One request, from its arrival to its answer."""

    def __init__(self, header: Callable[[str, str], str]) -> None:
        self._started = time.perf_counter()
        self.unique = uuid4().hex
        given = header("X-Request-Id", "")
        self.id = given if given and _ID.fullmatch(given) else self.unique
        self._trace = header("X-Cloud-Trace-Context", "").partition("/")[0]
        self.model_version: str | None = None

    def finish(self, operation: str, method: str, path: str, status: int) -> None:
        """Count, time and log the request."""
        seconds = time.perf_counter() - self._started
        _SECONDS.labels(operation, str(status)).observe(seconds)
        level = logging.ERROR if status >= 500 else logging.INFO
        if operation not in _QUIET and _log.isEnabledFor(level):
            request = {"requestMethod": method, "requestUrl": path, "status": status}
            fields: dict[str, Any] = {
                "httpRequest": request | {"latency": f"{seconds:.6f}s"},
                "request_id": self.id,
                "trace": self._trace,
                "model_version": self.model_version,
            }
            _log.log(level, "%s %s %d", method, path, status, extra={"fields": fields})


_current: ContextVar[Request] = ContextVar("request")


def begin(header: Callable[[str, str], str]) -> Request:
    """Start to observe a request; `header` gives the value of a header, or a default."""
    request = Request(header)
    _current.set(request)
    return request


def current() -> Request:
    """Give the request that is being answered."""
    return _current.get()


def exposition() -> bytes:
    """Give the metrics of all workers, as Prometheus reads them."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)
