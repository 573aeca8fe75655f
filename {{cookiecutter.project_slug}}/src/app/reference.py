"""What the world was like when a version was trained: examples, with the version's own answers."""

import io
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from app import contract, data, registry, schema
from app.errors import ModelRefused, NotFound
from app.predict import Predictor

ROWS = 10_000
"""Examples that are kept of a larger table, drawn by chance."""


def make(parts: data.Split, predictor: Predictor) -> bytes:
    """Give the examples with the model's answers and whether they were held out, as Parquet."""
    halves = [parts.train.assign(held_out=False), parts.test.assign(held_out=True)]
    frame = pd.concat(halves, ignore_index=True)
    frame = frame.sample(min(ROWS, len(frame)), random_state=0, ignore_index=True)
    answers = predictor.labels(predictor.scores(data.feature_values(frame)))
    known = contract.arrow_schema()
    answer = known.field(schema.TARGET).type if predictor.classifies else pa.float64()
    table = pa.Table.from_pandas(frame[known.names], known, preserve_index=False)
    table = table.append_column("prediction", pa.array(answers, answer))
    table = table.append_column("held_out", pa.array(frame["held_out"], pa.bool_()))
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def read(version: str) -> pd.DataFrame:
    """Read a version's examples: a column per field of `Example`, `prediction` and `held_out`."""
    try:
        content, made_for = registry.reference_of(version), registry.record_of(version)["contract"]
    except NotFound:
        content, made_for = b"", ""
    if not content:
        raise ModelRefused(
            f"model {version} does not say what it was trained on: run `uv run poe pipeline` again."
        )
    examples = data.to_frame(pq.read_table(io.BytesIO(content)))
    if made_for != contract.fingerprint():
        raise ModelRefused(f"model {version} was trained for another schema.py.")
    return examples


def half_width(examples: pd.DataFrame, coverage: float = 0.9) -> float:
    """Give d such that a regression's answer ± d holds the truth so often, in the target's unit.

    Split conformal prediction on the held-out examples: Lei et al., "Distribution-Free Predictive
    Inference for Regression", JASA 113 (2018), theorem 2. It holds as long as nothing drifts.
    """
    held_out = examples[examples["held_out"]]
    residuals = np.sort((held_out[schema.TARGET] - held_out["prediction"]).abs().to_numpy(float))
    rank = math.ceil((len(residuals) + 1) * coverage)
    return float(residuals[rank - 1]) if rank <= len(residuals) else math.inf
