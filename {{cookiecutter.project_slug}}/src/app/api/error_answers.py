"""One shape for every error: `{"error": {"code", "name", "problems"}, "request_id"}`."""

import logging
from typing import Any

from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
    Unauthorized,
)
from werkzeug.http import HTTP_STATUS_CODES

from app import errors
from app.api import observe

_STATUS = {errors.InvalidData: 422, errors.NotFound: 404, errors.Conflict: 409}
_STATUS |= {errors.StorageUnavailable: 503, errors.ModelRefused: 503, errors.GateFailed: 409}
RETRY_SECONDS = "5"
"""When a client may try again what is not available now."""

_log = logging.getLogger(__name__)


def status_of(error: errors.AppError) -> int:
    """Give the HTTP code of an error; 500 for one that no client can do anything about."""
    return _STATUS.get(type(error), 500)


def answer(error: Exception) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Turn any error into content, status and headers of an answer, never with a traceback."""
    if isinstance(error, errors.AppError):
        code, problems = status_of(error), error.problems
    elif isinstance(error, RequestEntityTooLarge):
        code, problems = 413, ["the body is larger than 1 MiB: send fewer records in one request."]
    elif isinstance(error, HTTPException):
        code, problems = error.code or 500, [error.description or error.name]
    else:
        _log.error("unexpected error", exc_info=error)
        code, problems = 500, ["unexpected error: see the log of the API."]
    described = {"code": code, "name": HTTP_STATUS_CODES.get(code, "Error"), "problems": problems}
    headers = {"Retry-After": RETRY_SECONDS} if code == 503 else {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.valid_methods or ())
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return {"error": described, "request_id": observe.current().id}, code, headers
