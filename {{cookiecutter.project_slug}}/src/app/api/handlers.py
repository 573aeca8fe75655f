"""What each operation of `openapi.yaml` does; the file names these functions."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from pydantic_core import from_json, to_json
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from app import contract, history, parsing, registry, schema
from app.api import observe, spec
from app.api.serving import Serving
from app.errors import AppError, InvalidData, NotFound, StorageUnavailable
from app.storage import open_storage

SEND_JSON = "send JSON, with the header Content-Type: application/json."
_FLUSH_SECONDS = 2.0
MAX_BODY_BYTES = 1024 * 1024
_READERS = Semaphore(4)
"""So many threads may wait for storage; the others are there to predict."""


def attach(app: Flask) -> None:
    """Give an application what the handlers work with."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["serving"] = Serving()


def serving() -> Serving:
    """Give the models and journals of this application."""
    found: Serving = current_app.extensions["serving"]
    return found


def health() -> Response:
    """Say that the process lives, and which model it serves (null before the first request)."""
    return reply(
        {"status": "ok"} | serving().champion.status() | {"waiting": serving().journal.waiting}
    )


def ready() -> Response:
    """Say that predictions can be made and kept: a model is loaded, storage answers."""
    version = serving().champion.predictor().version
    try:
        open_storage().get(registry.CHAMPION)
    except NotFound as error:
        raise StorageUnavailable(f"storage is not what it was: {error}") from None
    if problem := serving().journal.problem:
        raise StorageUnavailable(f"predictions cannot be stored: {problem}")
    return reply({"status": "ready", "model_version": version})


def metrics() -> Response:
    """Give the metrics of all workers, for Prometheus."""
    return Response(observe.exposition(), mimetype="text/plain; version=0.0.4; charset=utf-8")


def predict() -> Response:
    """Predict one record, or a list of them; with `?keep=false` the answers are not kept."""
    keep = request.args.get("keep", "true")
    if keep not in ("true", "false"):
        raise BadRequest(f"keep={keep!r} is neither true nor false.")
    return reply(serving().answer(parsing.parse_records(body()), keep == "true"))


def predict_rpc() -> Response:
    """Predict, under the name of a remote procedure call."""
    return predict()


def past_predictions() -> Response:
    """List the latest predictions, newest first; `?limit=` gives at most so many."""
    limit = request.args.get("limit", "100")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 1000):
        raise BadRequest(f"limit={limit!r} is not a whole number from 1 to 1000.")
    with _storage():
        return reply({"past_predictions": history.past(int(limit))})


def label(prediction_id: str) -> Response:
    """Add what proved true for a prediction."""
    sent = body()
    if not isinstance(sent, dict) or list(sent) != ["label"]:
        raise InvalidData('send {"label": ...} with what proved true.')
    value = parsing.parse_label(sent["label"])
    with _storage():
        history.add_label(prediction_id, value)
    return reply({"id": prediction_id, "label": value})


@contextmanager
def _storage() -> Iterator[None]:
    """Wait for storage, with what was predicted before in it, unless too many wait already."""
    if not _READERS.acquire(blocking=False):
        raise StorageUnavailable("too many requests wait for storage: try again in some seconds.")
    try:
        serving().journal.flush(_FLUSH_SECONDS)
        yield
    finally:
        _READERS.release()


def page() -> tuple[str, int]:
    """Show a form made from the contract, and the answer or the problems if it was sent."""
    found, problems, status = None, list[str](), 200
    values = {name: str(value) for name, value in contract.example_record().items()}
    if request.method == "POST":
        values = {name: request.form.get(name, "") for name in values}
        texts = {name: [value or None] for name, value in values.items()}
        try:
            parsed = parsing.parse_columns(texts, schema.Record)
            record = {name: column[0] for name, column in parsed.items()}
            found = serving().answer([record])
        except AppError as error:
            problems, status = error.problems, error.status
    shown: dict[str, Any] = {
        "about": schema.Record.__doc__,
        "target": contract.target(),
        "values": values,
    }
    shown |= {"columns": contract.features().values(), "answer": found, "problems": problems}
    return render_template("index.html", **shown), status


def specification() -> Response:
    """Give the contract of the API."""
    return Response(spec.text(), mimetype="application/yaml")


def body() -> Any:
    """Parse the request's JSON; pydantic's parser also refuses a body that is nested too deep."""
    if not request.is_json:
        raise UnsupportedMediaType(SEND_JSON)
    try:
        return from_json(_content())
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}.") from None


def _content() -> bytes:
    """Read the body; one that is sent in chunks has no length to be refused by."""
    try:
        content = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught # each server has its own
        raise BadRequest(f"the body cannot be read: {error}.") from None
    if request.content_length is None and len(content) >= MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return content


def reply(content: dict[str, Any], status: int = 200) -> Response:
    """Answer JSON."""
    return Response(to_json(content), status, mimetype="application/json")
