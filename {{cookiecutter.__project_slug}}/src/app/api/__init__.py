"""The API: a Flask application, made by `create_app`, that serves the champion."""

from typing import Any

from flask import Flask, Response, jsonify, render_template, request

from app import contract, history, parsing, registry, schema
from app.api.champion import CurrentChampion
from app.api.errors import register_errors
from app.errors import AppError, InvalidData

MAX_BODY_BYTES = 1024 * 1024


def create_app() -> Flask:
    """Make the application; the champion is loaded by the first request that needs it."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    register_errors(app)
    current = CurrentChampion()

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok", model_version=registry.champion().version)

    @app.post("/predict")
    def predict() -> Response:
        return jsonify(_predict(current, parsing.parse_records(request.get_json())))

    @app.get("/past_predictions")
    def past_predictions() -> Response:
        return jsonify(past_predictions=history.past(_limit()))

    @app.put("/past_predictions/<prediction_id>")
    def label(prediction_id: str) -> Response:
        body = request.get_json()
        if not isinstance(body, dict) or list(body) != ["label"]:
            raise InvalidData('send {"label": …} with what proved true.')
        value = parsing.parse_label(body["label"])
        history.add_label(prediction_id, value)
        return jsonify(id=prediction_id, label=value)

    @app.route("/", methods=["GET", "POST"])
    def page() -> tuple[str, int]:
        return _page(current)

    return app


def _predict(current: CurrentChampion, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Predict, remember, and answer with an id for each record."""
    predictor = current.get()
    answers = predictor.predict(records)
    ids = history.remember(records, answers, predictor.version)
    told = [{"id": id_} | answer._asdict() for id_, answer in zip(ids, answers, strict=True)]
    return {"model_version": predictor.version, "predictions": told}


def _page(current: CurrentChampion) -> tuple[str, int]:
    """Show the form, and what was answered or refused if it was sent."""
    answer, problems, status = None, [], 200
    columns = contract.features()
    values = {name: request.form.get(name, "") for name in columns}
    if request.method == "POST":
        try:
            parsed = parsing.parse_columns(
                {name: [value or None] for name, value in values.items()}, schema.Record
            )
            answer = _predict(current, [{name: column[0] for name, column in parsed.items()}])
        except AppError as error:
            problems, status = error.problems, error.status
    else:
        values = {name: str(column.example) for name, column in columns.items()}
    page = render_template(
        "index.html",
        about=(schema.Record.__doc__ or "").strip(),
        columns=columns.values(),
        target=contract.target(),
        values=values,
        answer=answer,
        problems=problems,
    )
    return page, status


def _limit() -> int:
    text = request.args.get("limit", "100")
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 1000:
        return int(text)
    raise InvalidData(f"limit={text!r} is not a whole number from 1 to 1000.")
