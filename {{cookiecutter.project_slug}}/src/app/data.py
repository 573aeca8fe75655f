"""Ingest the source file, validate it, clean it, and split it."""

import hashlib
import logging
import re
import warnings
from io import StringIO
from keyword import iskeyword
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from app import contract, parsing, schema
from app.config import load_settings
from app.errors import ConfigError, InvalidData
from app.storage import open_storage, tables

TEST_PERCENT = 20
_log = logging.getLogger(__name__)


class Split(NamedTuple):
    """Examples to learn from, and held-out examples to judge by."""

    train: pd.DataFrame
    test: pd.DataFrame


def main() -> None:
    """Ingest the source and validate it."""
    validate(ingest())


def ingest(source: str = "") -> str:
    """Keep the source file in storage, untouched, under a key that its content decides.

    `source` is a file, or an object of this environment's bucket, `gs://<bucket>/<key>`.
    Returns the key.
    """
    source = source or load_settings().source
    content = _fetch(source)
    key = f"raw/{hashlib.sha256(content).hexdigest()[:12]}.csv"
    open_storage().put(key, content)
    _log.info("%s is kept as %s", source, key)
    return key


def validate(key: str) -> str:
    """Clean a raw file and write its examples as a table; returns their fingerprint.

    Raises
    ------
    InvalidData
        The file breaks a rule; the table stays as it was.
    """
    examples = clean(parse_csv(open_storage().get(key).data, key), key)
    open_storage().write(tables.EXAMPLES, examples)
    found = fingerprint(to_frame(examples))
    open_storage().put(tables.EXAMPLES_MARK, found.encode())
    _log.info("%d examples from %s are now in table %r", len(examples), key, tables.EXAMPLES)
    return found


def read_source() -> pd.DataFrame:
    """Read the examples that the source would give, without writing anything."""
    source = load_settings().source
    return to_frame(clean(parse_csv(_fetch(source), source), source))


def _fetch(source: str) -> bytes:
    """Read a file, or an object of the bucket."""
    if source.startswith("gs://"):
        cloud = load_settings().cloud
        bucket, _, key = source.removeprefix("gs://").partition("/")
        if cloud is None or bucket != cloud.bucket:
            own = f"gs://{cloud.bucket}" if cloud else "none: APP_ENV is 'local'"
            raise ConfigError(
                f"{source} is not in this environment's bucket ({own}): copy it there with "
                "`gcloud storage cp`, or set DATA_SOURCE to a file."
            )
        return open_storage().get(key).data
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InvalidData(f"{source} cannot be read: {error.strerror}.") from None


def parse_csv(content: bytes, path: str) -> pd.DataFrame:
    """Read a CSV file as texts, with None for a missing value; `path` names it in errors.

    Column names are made identifiers: `Body Mass (g)` becomes `body_mass_g`.

    Raises
    ------
    InvalidData
        The file is empty, not UTF-8 or not a CSV file.
    """
    try:
        frame = _read_csv(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise InvalidData(f"{path} is not UTF-8: {byte}. Save it as 'CSV UTF-8'.") from None
    except pd.errors.ParserWarning:
        raise InvalidData(
            f"{path} has rows with more values than its header: put values that hold the delimiter "
            "between quotes, and write 12.5, not 12,5."
        ) from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InvalidData(f"{path} is not a CSV file with a header: {error}") from None
    frame.columns = [_identifier(str(name)) for name in frame.columns]
    for name in frame.columns[frame.columns.duplicated()]:
        raise InvalidData(f"{path} has two columns that read as {name!r}: rename one.")
    for name in frame.columns:
        texts = frame[name].str.strip().astype(object)
        frame[name] = texts.where(texts.notna() & (texts != ""), None)
    return frame


def _read_csv(text: str) -> pd.DataFrame:
    """Read a CSV file as texts, by the delimiter that its header holds most of."""
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a row with too many values
        return pd.read_csv(
            StringIO(text), sep=delimiter, dtype=str, na_values=["?"], index_col=False
        )


def clean(frame: pd.DataFrame, source: str = "the source") -> pa.Table:
    """Keep the columns of the contract and the rows that can be learnt from, typed.

    Raises
    ------
    InvalidData
        A column is missing, no row is left, or a value breaks a rule of `schema.py`.
        Rows are named as a spreadsheet does: the header is row 1.
    """
    wanted = list(contract.columns())
    missing = [name for name in wanted if name not in frame]
    if missing:
        found = ", ".join(map(str, frame.columns))
        raise InvalidData(
            *(f"column {name!r} is missing from {source}; it has: {found}." for name in missing)
        )
    extra = [str(name) for name in frame if name not in wanted]
    if extra:
        _log.warning("not in schema.py, so left out: %s", ", ".join(extra))
    labelled = frame[frame[schema.TARGET].notna()][wanted]
    distinct = labelled.drop_duplicates()
    _tell_dropped(len(frame) - len(labelled), f"without a value of {schema.TARGET!r}")
    _tell_dropped(len(labelled) - len(distinct), "that repeat another row")
    if distinct.empty:
        raise InvalidData(f"{source} has no row to learn from; each needs a {schema.TARGET!r}.")
    values = parsing.parse_columns(
        {name: distinct[name].tolist() for name in wanted}, rows=(distinct.index + 2).tolist()
    )
    return tables.from_columns(values, contract.arrow_schema())


def read_examples() -> pd.DataFrame:
    """Read the examples from the table that `main` wrote, in an order that is always the same.

    A store gives rows in any order, but the same data must train the same model.
    """
    frame = to_frame(open_storage().read(tables.EXAMPLES))
    order = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().argsort()
    return frame.iloc[order].reset_index(drop=True)


def to_frame(examples: pa.Table) -> pd.DataFrame:
    """Turn a table into a frame in which whole numbers stay whole, also beside gaps."""
    frame: pd.DataFrame = examples.to_pandas(integer_object_nulls=True, date_as_object=False)
    return frame


def from_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a frame of rows in which whole numbers stay whole, also beside gaps."""
    frame = pd.DataFrame(rows, dtype=object)
    return frame.astype(
        {name: frame[name].infer_objects().dtype for name in frame if frame[name].notna().all()}
    )


def feature_values(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Give the features of a frame as lists, as models take them."""
    return {name: frame[name].tolist() for name in contract.features()}


def split(frame: pd.DataFrame) -> Split:
    """Hold out a fifth of the examples, always the same ones.

    With a TIME in `schema.py` the latest are held out, as the model will meet the future.
    Without, a hash of the features decides: an example that was held out once
    stays held out when data are added, and equal records are on the same side.
    """
    if schema.TIME:
        ordered = frame.sort_values(schema.TIME, kind="stable", ignore_index=True)
        cut = ordered[schema.TIME].quantile(1 - TEST_PERCENT / 100)
        held_out = (ordered[schema.TIME] > cut).to_numpy()
    else:
        ordered = frame
        hashes = pd.util.hash_pandas_object(
            frame[list(contract.features())].astype(str), index=False
        )
        held_out = (hashes % 100 < TEST_PERCENT).to_numpy()
    if held_out.all() or not held_out.any():
        raise InvalidData(f"{len(frame)} examples are too few to hold some out: add data.")
    return Split(
        ordered[~held_out].reset_index(drop=True), ordered[held_out].reset_index(drop=True)
    )


def fingerprint(frame: pd.DataFrame) -> str:
    """Hash the content of a frame, whatever the order of its rows."""
    hashes = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    return hashlib.sha256(np.sort(hashes).tobytes()).hexdigest()[:12]


def _identifier(name: str) -> str:
    word = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    return f"{word}_" if iskeyword(word) else word if word[:1].isalpha() else f"column_{word}"


def _tell_dropped(count: int, why: str) -> None:
    if count:
        _log.warning("%d rows %s are left out", count, why)
