"""What the world was like when a version was trained: examples, with the version's own answers."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from app import schema
from app.contract import columns
from app.data import split
from app.errors import ModelRefused, NotFound
from app.registry import predictor, versions

ROWS = 10_000
"""Examples that are kept of a larger table, drawn by chance."""


def make(parts: split.Split, model: predictor.Predictor) -> bytes:
    """Give the examples with the model's answers and whether they were held out, as Parquet."""
    halves = [parts.train.assign(held_out=False), parts.test.assign(held_out=True)]
    frame = pd.concat(halves, ignore_index=True)
    frame = frame.sample(min(ROWS, len(frame)), random_state=0, ignore_index=True)
    answers = model.labels(model.scores(frame))
    example = columns.arrow_schema()
    answer_type = example.field(schema.TARGET).type if model.classifies else pa.float64()
    table = pa.Table.from_pandas(frame[example.names], example, preserve_index=False)
    table = table.append_column("prediction", pa.array(answers, answer_type))
    table = table.append_column("held_out", pa.array(frame["held_out"], pa.bool_()))
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def read(version: str) -> pd.DataFrame:
    """Read a version's examples: a column per field of `Example`, `prediction` and `held_out`.

    Raises
    ------
    ModelRefused
        The version keeps none, or it was trained for another schema.py.
    """
    try:
        content, made_for = versions.reference_of(version), versions.record_of(version).contract
    except NotFound:
        content, made_for = b"", ""
    if not content:
        raise ModelRefused(f"model {version} does not say what it was trained on: train again.")
    try:
        examples = split.to_frame(pq.read_table(io.BytesIO(content)))
    except pa.ArrowInvalid as error:
        raise ModelRefused(f"model {version}: its reference.parquet is broken: {error}.") from error
    if made_for != columns.fingerprint():
        raise ModelRefused(f"model {version} was trained for another schema.py.")
    return examples
