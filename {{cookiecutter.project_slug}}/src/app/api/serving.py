"""From parsed records to an answer: which model gives it, and what is remembered of it."""

import atexit
import time  # >>> online_experiments = yes
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from app.api import observe
from app.api.journal import Journal
from app.api.loaded_model import LoadedModel
from app.api.trial import Trial  # >>> online_experiments = yes
from app.config import read_count
from app.history import predictions
from app.storage import tables

END_SECONDS = 6.0
"""So long the end of the process may take to store what is left."""


class Serving:
    """The champion in memory, and the journal of what it answered."""

    def __init__(self) -> None:
        self.model = LoadedModel(read_count("CHAMPION_POLL_SECONDS", "5"))
        self.journal = Journal(tables.PREDICTIONS, predictions.SCHEMA)
        self.trial = Trial()  # >>> online_experiments = yes
        atexit.register(self.close)

    def answer(self, records: list[dict[str, Any]], keep: bool = True) -> dict[str, Any]:
        """Answer parsed records, and keep the answers unless this is only a trial question."""
        predictor = self.model.predictor or self.model.load()
        predictor = self.trial.choose(predictor)  # >>> online_experiments = yes
        request, now, version = observe.current(), datetime.now(UTC), predictor.version
        request.model_version = version
        answers, rows = [], []
        for n, (record, answer) in enumerate(zip(records, predictor.predict(records), strict=True)):
            id_ = f"{request.unique}-{n}"
            answers.append({"id": id_} | answer._asdict())
            texts = to_json(record).decode(), to_json(answer.prediction).decode()
            rows.append(predictions.Prediction(id_, version, *texts, answer.probability, now))
        if keep:
            self.journal.add(rows)
            self.trial.note(predictor, records, answers)  # >>> online_experiments = yes
        observe.PREDICTIONS.labels(version).inc(len(rows))
        return {"model_version": version, "request_id": request.id, "predictions": answers}

    def close(self) -> None:
        """Store what is left, and count as lost what cannot be stored in time."""
        self.model.close()
        end = time.monotonic() + END_SECONDS  # >>> online_experiments = yes
        self.journal.close(END_SECONDS)
        self.trial.close(max(0.0, end - time.monotonic()))  # >>> online_experiments = yes
