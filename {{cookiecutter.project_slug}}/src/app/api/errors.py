"""One shape for every error: `{"error": {"code", "name", "problems"}}`."""

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app.errors import AppError

_log = logging.getLogger(__name__)


def register_errors(app: Flask) -> None:
    """Answer every error in the one shape, and never with a traceback."""
    app.register_error_handler(AppError, lambda error: error_response(error.status, error.problems))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def error_response(code: int, problems: list[str]) -> tuple[Response, int]:
    """Build the JSON of an error."""
    name = HTTP_STATUS_CODES.get(code, "Error")
    return jsonify(error={"code": code, "name": name, "problems": problems}), code


def _http_error(error: HTTPException) -> tuple[Response, int]:
    return error_response(error.code or 500, [error.description or error.name])


def _unexpected(error: Exception) -> tuple[Response, int]:
    _log.error("unexpected error", exc_info=error)
    return error_response(500, ["unexpected error: see the log of the API."])
