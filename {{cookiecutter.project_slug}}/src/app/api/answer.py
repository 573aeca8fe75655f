"""From parsed records to an answer, and to what is remembered of it."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from app.api import observe
from app.api.journal import Journal
from app.history import Prediction
from app.predict import Predictor


def answer(predictor: Predictor, journal: Journal, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Predict with a model, and remember each prediction under an id."""
    request, now, version = observe.current(), datetime.now(UTC), predictor.version
    request.model_version = version
    told, kept = [], []
    for n, found in enumerate(predictor.predict(records)):
        id_, record, prediction = (
            f"{request.unique}-{n}",
            _text(records[n]),
            _text(found.prediction),
        )
        told.append({"id": id_} | found._asdict())
        kept.append(Prediction(id_, version, record, prediction, found.probability, now))
    journal.add(kept)
    observe.PREDICTIONS.labels(version).inc(len(records))
    return {"model_version": version, "request_id": request.id, "predictions": told}


def _text(value: Any) -> str:
    return to_json(value).decode()
