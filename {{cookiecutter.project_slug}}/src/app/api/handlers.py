"""What each operation of `openapi.yaml` does; the file names these functions, and they name it."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Semaphore
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from pydantic_core import from_json, to_json
from werkzeug import exceptions

from app import schema
from app.api import error_answers, identity, observe, spec
from app.api.serving import Serving
from app.config import load_cloud, read
from app.contract import columns, parsing
from app.errors import AppError, InvalidData, NotFound, StorageUnavailable
from app.history import predictions
from app.registry import versions
from app.storage import open_storage

SEND_JSON = "send JSON, with the header Content-Type: application/json."
_FLUSH_SECONDS = 2.0
MAX_BODY_BYTES = 1024 * 1024
_READERS = Semaphore(4)
"""So many threads may wait for storage; the others are there to predict."""
_KEPT_SECONDS = 5
"""So old may past predictions be on Google Cloud, where each look into storage is paid."""


def attach(app: Flask) -> None:
    """Give an application what the handlers work with."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["serving"] = Serving()


def serving() -> Serving:
    """Give the model and the journal of this application."""
    attached: Serving = current_app.extensions["serving"]
    return attached


@spec.operation("GET /health")
def health() -> Response:
    """Say that the process lives, and which model it serves (null before the first request)."""
    status = serving().model.status()
    waiting = {"waiting": serving().journal.waiting}
    return reply({"status": "ok"} | status | waiting | _origin())


@spec.operation("GET /ready")
def ready() -> Response:
    """Say that predictions can be made and kept, and why the next champion cannot be loaded."""
    model = serving().model
    version = (model.predictor or model.load()).version
    try:
        open_storage().get(versions.CHAMPION)
    except NotFound as error:
        raise StorageUnavailable(f"storage is not what it was: {error}") from None
    if problem := serving().journal.problem:
        raise StorageUnavailable(f"predictions cannot be stored: {problem}")
    answer = {"status": "ready", "model_version": version, "problem": model.problem}
    return reply(answer | _origin())


def _origin() -> dict[str, str]:
    """Name the commit that the image was built from, and by a hash the files in it."""
    return {"commit": read("GIT_COMMIT", "unknown"), "tree": read("GIT_TREE", "unknown")}


@spec.operation("GET /metrics")
def metrics() -> Response:
    """Give the metrics of all workers, for Prometheus."""
    return Response(observe.metrics(), mimetype="text/plain; version=0.0.4; charset=utf-8")


@spec.operation("POST /predict")
def predict() -> Response:
    """Predict one record, or a list of them; with `?keep=false` the answers are not kept."""
    keep = request.args.get("keep", "true")
    if keep not in ("true", "false"):
        raise exceptions.BadRequest(f"keep={keep!r} is neither true nor false.")
    return reply(serving().answer(parsing.parse_records(body()), keep == "true"))


@spec.operation("POST /models/champion:predict")
def predict_rpc() -> Response:
    """Predict, under the name of a remote procedure call."""
    return predict()


@spec.operation("GET /past_predictions")
def past_predictions() -> Response:
    """List the latest predictions, newest first; `?limit=` gives at most so many."""
    identity.require(request.headers.get("Authorization", ""))
    limit = request.args.get("limit", "100")
    if not (re.fullmatch("[0-9]{1,4}", limit) and 1 <= int(limit) <= 1000):
        raise exceptions.BadRequest(f"limit={limit[:20]!r} is not a whole number from 1 to 1000.")
    read_latest = _latest if load_cloud() else _latest.__wrapped__
    found = read_latest(int(limit), time.monotonic() // _KEPT_SECONDS)
    return reply({"past_predictions": found})


@lru_cache(maxsize=4)
def _latest(limit: int, _period: float) -> list[dict[str, Any]]:
    with _storage():
        return predictions.latest(limit)


@spec.operation("PUT /past_predictions/{prediction_id}")
def label(prediction_id: str) -> Response:
    """Add what proved true for a prediction."""
    identity.require(request.headers.get("Authorization", ""))
    sent = body()
    if not isinstance(sent, dict) or list(sent) != ["label"]:
        raise InvalidData('send {"label": ...} with what proved true.')
    value = parsing.parse_label(sent["label"])
    with _storage():
        predictions.add_label(prediction_id, value)
    _latest.cache_clear()
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
    answer, problems, status = None, list[str](), 200
    values = {name: str(value) for name, value in columns.example_record().items()}
    if request.method == "POST":
        values = {name: request.form.get(name, "") for name in values}
        texts = {name: [value or None] for name, value in values.items()}
        try:
            parsed = parsing.parse_columns(texts, schema.Record)
            answer = serving().answer([{name: column[0] for name, column in parsed.items()}])
        except AppError as error:
            problems, status = error.problems, error_answers.status_of(error)
    shown: dict[str, Any] = {"about": schema.Record.__doc__, "target": columns.target()}
    shown |= {"columns": columns.features().values(), "values": values}
    return render_template("index.html", **shown, answer=answer, problems=problems), status


@spec.operation("GET /openapi.yaml")
def specification() -> Response:
    """Give `openapi.yaml`."""
    return Response(spec.text(), mimetype="application/yaml")


def body() -> Any:
    """Parse the request's JSON; pydantic's parser also refuses a body that is nested too deep."""
    if not request.is_json:
        raise exceptions.UnsupportedMediaType(SEND_JSON)
    try:
        return from_json(_content())
    except ValueError as error:
        raise exceptions.BadRequest(f"the body is not JSON: {error}.") from None


def _content() -> bytes:
    """Read the body; one that is sent in chunks has no length to be refused by."""
    try:
        content = request.get_data(cache=False)
    except exceptions.HTTPException:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught # each server has its own
        raise exceptions.BadRequest(f"the body cannot be read: {error}.") from None
    if request.content_length is None and len(content) >= MAX_BODY_BYTES:
        raise exceptions.RequestEntityTooLarge
    return content


def reply(content: dict[str, Any], status: int = 200) -> Response:
    """Answer JSON."""
    return Response(to_json(content), status, content_type="application/json")
