"""The names of the tables, who writes each, and how columns of values become one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from app.errors import InvalidData

EXAMPLES = "examples"
"""Written by `data`: clean rows with a known target."""

EXAMPLES_MARK = "examples.txt"
"""The object that names the data in `examples`, by their fingerprint."""

BATCH_PREDICTIONS = "batch_predictions"
"""Written by `batch`, a table for each run: features with the champion's answers; see `history`."""

PREDICTIONS = "predictions"
"""Written by the API: each record that was asked, and its answer."""

LABELS = "labels"
"""Written by the API: what proved true for a prediction."""

MONITORING = "monitoring"
"""Written by `monitor`: what it compared in each window, and how far apart it was."""

PARTITIONED_BY = {
    PREDICTIONS: "predicted_at",
    LABELS: "labelled_at",
}
"""The time by which a store that can do so keeps the days of a table apart."""


def from_columns(values: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Build a table; Arrow itself does not say in which column a value has the wrong type.

    Raises
    ------
    InvalidData
        With a sentence for each column that mixes types.
    """
    columns, problems = [], []
    for field in schema:
        try:
            columns.append(pa.array(values[field.name], field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            problems.append(f"column {field.name!r} must hold only {field.type}: {error}.")
    if problems:
        raise InvalidData(*problems)
    return pa.table(columns, schema=schema)
