"""Read the examples from their table, and hold some out."""

import hashlib
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from app import schema
from app.contract import columns
from app.errors import InvalidData, NotFound
from app.storage import open_storage, tables

TEST_PERCENT = 20
FEW_RECORDS = 50


class Split(NamedTuple):
    """Examples to learn from, and held-out examples to judge by."""

    train: pd.DataFrame
    test: pd.DataFrame


def read_examples() -> pd.DataFrame:
    """Read the examples from the table that `ingest` wrote, in an order that is always the same.

    A store gives rows in any order, but the same data must train the same model.
    """
    try:
        frame = to_frame(open_storage().read(tables.EXAMPLES))
    except NotFound:
        raise NotFound("there are no examples yet: run `uv run poe data`.") from None
    if missing := sorted(set(columns.of()) - set(frame)):
        raise NotFound(f"the table of examples has no {missing[0]!r}: run `uv run poe data` again.")
    order = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().argsort()
    return frame.iloc[order].reset_index(drop=True)


def hold_out(frame: pd.DataFrame) -> Split:
    """Hold out a fifth of the examples, always the same ones.

    With a TIME in `schema.py` the latest are held out, as the model will meet the future.
    Without, a hash decides, of the GROUP or of all features: an example that was held out once
    stays held out when data are added, and equal records, or those of a group, are on one side.
    Where few records are different, as in a table of categories, each row is drawn by itself.

    Raises
    ------
    InvalidData
        One side would be empty, or much too large.
    """
    ordered = (
        frame.sort_values(schema.TIME, kind="stable", ignore_index=True) if schema.TIME else frame
    )
    held_out = _is_late(ordered[schema.TIME]) if schema.TIME else _is_drawn(ordered)
    if not 0.02 <= held_out.mean() <= 0.6:
        of = f" of {frame[group].nunique()} groups" if (group := columns.role("GROUP")) else ""
        raise InvalidData(
            f"{len(frame)} examples{of} are too few to hold about {TEST_PERCENT} % out: it would "
            f"be {held_out.mean():.0%}. Add data."
        )
    parts = ordered[~held_out], ordered[held_out]
    return Split(*(part.reset_index(drop=True) for part in parts))


def rule(frame: pd.DataFrame) -> str:
    """Say what decides which side an example is on."""
    by = columns.role("GROUP") or ", ".join(columns.features())
    drawn = f"a hash of {by}" + (", and the row" if _few_records(frame) else "")
    return f"{schema.TIME or drawn}, {TEST_PERCENT} % held out"


def _is_late(times: "pd.Series[Any]") -> "pd.Series[bool]":
    """Mark the latest times: equal ones are on one side, so the share is as near as can be."""
    shares = 1 - times.value_counts(normalize=True, sort=False).sort_index().cumsum()
    place = int((shares - TEST_PERCENT / 100).abs().argmin())
    share = shares.iloc[place]
    if not 0.05 <= share <= 0.5:
        raise InvalidData(
            f"{schema.TIME!r} has {len(shares)} different times for {len(times)} examples, so not "
            f"the latest {TEST_PERCENT} % can be held out, but {share:.0%}: give each "
            "example a more exact time, or set TIME to None."
        )
    late: pd.Series[bool] = times > shares.index[place]
    return late


def _is_drawn(frame: pd.DataFrame) -> "pd.Series[bool]":
    group = columns.role("GROUP")
    texts = frame[[group] if group else list(columns.features())].astype(str)
    if _few_records(frame):
        texts = frame.astype(str)
        texts = texts.assign(row=texts.groupby(list(texts)).cumcount())
    return pd.util.hash_pandas_object(texts, index=False) % 100 < TEST_PERCENT


def _few_records(frame: pd.DataFrame) -> bool:
    """Say whether so few records are different that a fifth of them would be no sample."""
    if columns.role("GROUP") or schema.TIME:
        return False
    different = len(frame[list(columns.features())].drop_duplicates())
    return different < min(FEW_RECORDS, len(frame))


def fingerprint(frame: pd.DataFrame) -> str:
    """Hash the content of a frame, whatever the order of its rows."""
    hashes = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    return hashlib.sha256(np.sort(hashes).tobytes()).hexdigest()[:12]


def to_frame(examples: pa.Table) -> pd.DataFrame:
    """Turn a table into a frame in which whole numbers stay whole, also beside gaps."""
    frame: pd.DataFrame = examples.to_pandas(integer_object_nulls=True, date_as_object=False)
    return frame
