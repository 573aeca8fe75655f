"""Score a whole table with the champion, piece by piece, into another table."""

import logging
from datetime import UTC, datetime

import pyarrow as pa
from tqdm import tqdm

from app import contract, registry, schema
from app.predict import Predictor
from app.storage import open_storage, tables

_log = logging.getLogger(__name__)


def main() -> None:
    """Score the examples and replace the table of batch predictions, in bounded memory."""
    storage = open_storage()
    predictor = registry.load_champion()
    pieces = tqdm(storage.stream(tables.EXAMPLES), desc="batch", unit="piece")
    scored = (_score(piece, predictor) for piece in pieces)
    rows = pa.RecordBatchReader.from_batches(_output_schema(), scored)
    storage.write(tables.BATCH_PREDICTIONS, rows)
    _log.info(
        "predictions of model %s are now in table %r", predictor.version, tables.BATCH_PREDICTIONS
    )


def _score(piece: pa.RecordBatch, predictor: Predictor) -> pa.RecordBatch:
    values = {name: piece.column(name).to_pylist() for name in contract.features()}
    scores = predictor.scores(values)
    labels = predictor.labels(scores)
    added = {
        "prediction": labels,
        "probability": scores.max(axis=1).tolist()
        if predictor.classifies
        else [None] * len(labels),
        "model_version": [predictor.version] * len(labels),
        "scored_at": [datetime.now(UTC)] * len(labels),
    }
    return pa.RecordBatch.from_pydict(values | added, schema=_output_schema())


def _output_schema() -> pa.Schema:
    """Give the columns of the result: the features, then the answer and where it came from."""
    target = contract.arrow_schema().field(schema.TARGET).type
    answer = pa.float64() if contract.task() == "regression" else target
    added = [
        pa.field("prediction", answer),
        pa.field("probability", pa.float64()),
        pa.field("model_version", pa.string()),
        pa.field("scored_at", pa.timestamp("us", "UTC")),
    ]
    return pa.schema([*contract.arrow_schema(schema.Record), *added])
