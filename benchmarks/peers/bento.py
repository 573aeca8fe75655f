"""The same model as a service of BentoML."""

from typing import Any

import bentoml
import joblib
import pandas as pd


@bentoml.service(workers=1, traffic={"timeout": 60})
class Model:
    """A forest behind one method."""

    def __init__(self) -> None:
        """Load the model."""
        self.model = joblib.load("model.joblib")

    @bentoml.api
    def predict(self, records: list[dict[str, Any]]) -> list[list[float]]:
        """Predict a list of records."""
        return self.model.predict_proba(pd.DataFrame(records)).tolist()
