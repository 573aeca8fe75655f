"""Read the examples from their table, and hold some out."""

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from app import schema
from app.contract import columns
from app.errors import InvalidData
from app.storage import open_storage, tables

TEST_PERCENT = 20


class Split(NamedTuple):
    """Examples to learn from, and held-out examples to judge by."""

    train: pd.DataFrame
    test: pd.DataFrame


def read_examples() -> pd.DataFrame:
    """Read the examples from the table that `ingest` wrote, in an order that is always the same.

    A store gives rows in any order, but the same data must train the same model.
    """
    frame = to_frame(open_storage().read(tables.EXAMPLES))
    order = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().argsort()
    return frame.iloc[order].reset_index(drop=True)


def hold_out(frame: pd.DataFrame) -> Split:
    """Hold out a fifth of the examples, always the same ones.

    With a TIME in `schema.py` the latest are held out, as the model will meet the future.
    Without, a hash of the features decides: an example that was held out once
    stays held out when data are added, and equal records are on the same side.

    Raises
    ------
    InvalidData
        There are too few examples to have some on both sides.
    """
    if schema.TIME:
        ordered = frame.sort_values(schema.TIME, kind="stable", ignore_index=True)
        cut = ordered[schema.TIME].quantile(1 - TEST_PERCENT / 100)
        held_out = (ordered[schema.TIME] > cut).to_numpy()
    else:
        ordered = frame
        features = frame[list(columns.features())].astype(str)
        hashes = pd.util.hash_pandas_object(features, index=False)
        held_out = (hashes % 100 < TEST_PERCENT).to_numpy()
    if held_out.all() or not held_out.any():
        raise InvalidData(f"{len(frame)} examples are too few to hold some out: add data.")
    parts = ordered[~held_out], ordered[held_out]
    return Split(*(part.reset_index(drop=True) for part in parts))


def fingerprint(frame: pd.DataFrame) -> str:
    """Hash the content of a frame, whatever the order of its rows."""
    hashes = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    return hashlib.sha256(np.sort(hashes).tobytes()).hexdigest()[:12]


def to_frame(examples: pa.Table) -> pd.DataFrame:
    """Turn a table into a frame in which whole numbers stay whole, also beside gaps."""
    frame: pd.DataFrame = examples.to_pandas(integer_object_nulls=True, date_as_object=False)
    return frame
