"""From parsed records to an answer, and to what is remembered of it."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from app.api import observe
from app.api.journal import Journal
from app.history import Prediction
from app.predict import Predictor


def answer(
    predictor: Predictor, journal: Journal | None, records: list[dict[str, Any]]
) -> dict[str, Any]:
    """Predict with a model, and remember each prediction under an id, if there is a journal."""
    request, now, version = observe.current(), datetime.now(UTC), predictor.version
    request.model_version = version
    told, kept = [], []
    for n, found in enumerate(predictor.predict(records)):
        id_, record, prediction = f"{request.unique}-{n}", records[n], found.prediction
        told.append({"id": id_} | found._asdict())
        texts = to_text(record), to_text(prediction)
        kept.append(Prediction(id_, version, *texts, found.probability, now))
    if journal is not None:
        journal.add(kept)
    observe.PREDICTIONS.labels(version).inc(len(records))
    return {"model_version": version, "request_id": request.id, "predictions": told}


def to_text(value: Any) -> str:
    """Give a value as JSON, as it is kept."""
    return to_json(value).decode()
