"""From parsed records to an answer: which model gives it, and what is remembered of it."""

import atexit
import time  # >>> online_experiments = yes
from datetime import UTC, datetime
from typing import Any

from app.api import observe
from app.api.journal import Journal
from app.api.loaded_model import LoadedModel
from app.api.trial import Trial  # >>> online_experiments = yes
from app.config import read_count
from app.storage import tables

END_SECONDS = 6.0
"""So long the end of the process may take to store what is left."""


class Serving:
    """The champion in memory, and the journal of what it answered."""

    def __init__(self) -> None:
        self.model = LoadedModel(read_count("CHAMPION_POLL_SECONDS", "5"))
        self.journal = Journal(tables.PREDICTIONS)
        self.trial = Trial()  # >>> online_experiments = yes
        atexit.register(self.close)

    def answer(self, records: list[dict[str, Any]], keep: bool = True) -> dict[str, Any]:
        """Answer parsed records, and keep the answers unless this is only a trial question.

        Raises
        ------
        ModelRefused
            There is no champion that can be served.
        StorageUnavailable
            The answers could not be kept.
        """
        if keep:
            self.journal.require_room(len(records))
        predictor = self.model.predictor or self.model.load()
        predictor = self.trial.choose(predictor)  # >>> online_experiments = yes
        request, version = observe.current(), predictor.version
        request.model_version = version
        about = {"model_version": version, "predicted_at": datetime.now(UTC)}
        answers, rows = [], []
        for n, (record, answer) in enumerate(zip(records, predictor.predict(records), strict=True)):
            shown = {"prediction": answer.prediction, "probability": answer.probability}
            kept = {"id": f"{request.unique}-{n}", **shown}
            answers.append({**kept, "probabilities": answer.probabilities})
            rows.append({**kept, "record": record, **about})
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
