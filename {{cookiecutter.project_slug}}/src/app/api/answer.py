"""From parsed records to an answer: by which model, and what is remembered of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.api import observe
from app.api.champion import Champion
from app.api.journal import Journal
from app.history import Prediction
from app.predict import Predictor


def answer(champion: Champion, journal: Journal, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Predict with the present champion, and remember each prediction under an id."""
    return predict_with(champion.predictor(), journal, records)


def predict_with(
    predictor: Predictor, journal: Journal, records: list[dict[str, Any]]
) -> dict[str, Any]:
    """Predict with a model, and remember each prediction under an id."""
    request, unique, now = observe.current(), uuid4().hex, datetime.now(UTC)
    request.model_version = version = predictor.version
    answers = predictor.predict(records)
    ids = [f"{unique}-{n}" for n in range(len(records))]
    made = zip(ids, records, answers, strict=True)
    journal.add([Prediction(id_, version, record, found, now) for id_, record, found in made])
    observe.PREDICTIONS.labels(version).inc(len(records))
    told = [{"id": id_} | found._asdict() for id_, found in zip(ids, answers, strict=True)]
    return {"model_version": version, "request_id": request.id, "predictions": told}
