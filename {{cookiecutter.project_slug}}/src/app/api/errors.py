"""One shape for every error: `{"error": {"code", "name", "problems"}, "request_id"}`."""

import logging
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app.api import observe
from app.errors import AppError

_log = logging.getLogger(__name__)


def told(error: Exception) -> tuple[dict[str, Any], int]:
    """Turn any error into the content and the status of an answer, never with a traceback."""
    if isinstance(error, AppError):
        code, problems = error.status, error.problems
    elif isinstance(error, HTTPException):
        code, problems = error.code or 500, [error.description or error.name]
    else:
        _log.error("unexpected error", exc_info=error)
        code, problems = 500, ["unexpected error: see the log of the API."]
    name = HTTP_STATUS_CODES.get(code, "Error")
    described = {"code": code, "name": name, "problems": problems}
    return {"error": described, "request_id": observe.current().id}, code
