"""One shape for every error: `{"error": {"code", "name", "problems"}, "request_id"}`."""

import logging
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from app.api import observe
from app.errors import AppError

_log = logging.getLogger(__name__)


def told(error: Exception) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Turn any error into content, status and headers of an answer, never with a traceback."""
    if isinstance(error, AppError):
        code, problems = error.status, error.problems
    elif isinstance(error, RequestEntityTooLarge):
        code, problems = 413, ["the body is larger than 1 MiB: send fewer records in one request."]
    elif isinstance(error, HTTPException):
        code, problems = error.code or 500, [error.description or error.name]
    else:
        _log.error("unexpected error", exc_info=error)
        code, problems = 500, ["unexpected error: see the log of the API."]
    name = HTTP_STATUS_CODES.get(code, "Error")
    described = {"code": code, "name": name, "problems": problems}
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.valid_methods or ())
    return {"error": described, "request_id": observe.current().id}, code, headers
