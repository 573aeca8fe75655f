"""The API: a Flask application, made by `create_app`, that serves the champion."""

from functools import lru_cache
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app import contract, history, parsing, registry, schema
from app.api.errors import register_errors
from app.errors import AppError, InvalidData

MAX_BODY_BYTES = 1024 * 1024


def create_app() -> Flask:
    """Make the application; the champion is loaded by the first request that needs it."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["load_model"] = lru_cache(maxsize=2)(registry.load)
    register_errors(app)
    app.add_url_rule("/", view_func=page, methods=["GET", "POST"])
    app.add_url_rule("/health", view_func=health)
    app.add_url_rule("/predict", view_func=predict, methods=["POST"])
    app.add_url_rule("/past_predictions", view_func=past_predictions)
    app.add_url_rule("/past_predictions/<prediction_id>", view_func=label, methods=["PUT"])
    return app


def health() -> Response:
    """Say that the process lives, and which model it serves (null before the first promotion)."""
    return jsonify(status="ok", model_version=registry.champion().version)


def predict() -> Response:
    """Predict one record, or a list of them."""
    return jsonify(_answer(parsing.parse_records(_body())))


def past_predictions() -> Response:
    """List the latest predictions, newest first; `?limit=` gives at most so many."""
    limit = request.args.get("limit", "100")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 1000):
        raise InvalidData(f"limit={limit!r} is not a whole number from 1 to 1000.")
    return jsonify(past_predictions=history.past(int(limit)))


def label(prediction_id: str) -> Response:
    """Add what proved true for a prediction."""
    body = _body()
    if not isinstance(body, dict) or list(body) != ["label"]:
        raise InvalidData('send {"label": ...} with what proved true.')
    value = parsing.parse_label(body["label"])
    history.add_label(prediction_id, value)
    return jsonify(id=prediction_id, label=value)


def page() -> tuple[str, int]:
    """Show a form made from the contract, and the answer or the problems if it was sent."""
    answer, problems, status = None, list[str](), 200
    values = {name: str(value) for name, value in contract.example_record().items()}
    if request.method == "POST":
        values = {name: request.form.get(name, "") for name in values}
        texts = {name: [value or None] for name, value in values.items()}
        try:
            parsed = parsing.parse_columns(texts, schema.Record)
            answer = _answer([{name: column[0] for name, column in parsed.items()}])
        except AppError as error:
            problems, status = error.problems, error.status
    shown: dict[str, Any] = {
        "about": schema.Record.__doc__,
        "target": contract.target(),
        "values": values,
    }
    shown |= {"columns": contract.features().values(), "answer": answer, "problems": problems}
    return render_template("index.html", **shown), status


def _body() -> Any:
    """Parse the request's JSON; pydantic's parser also refuses a body that is nested too deep."""
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with the header Content-Type: application/json.")
    try:
        return from_json(request.get_data())
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}.") from None


def _answer(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Predict with the present champion, and remember each answer under an id."""
    predictor = registry.load_champion(current_app.extensions["load_model"])
    answers = predictor.predict(records)
    ids = history.remember(records, answers, predictor.version)
    told = [{"id": id_} | answer._asdict() for id_, answer in zip(ids, answers, strict=True)]
    return {"model_version": predictor.version, "predictions": told}
