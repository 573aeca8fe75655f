"""Ingest the source: keep it as it came, validate and clean it, write the table of examples."""

import hashlib
import logging
import re
import warnings
from io import StringIO
from keyword import iskeyword
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from app import schema
from app.config import load_cloud, read
from app.contract import columns, parsing
from app.data import split
from app.errors import ConfigError, InvalidData
from app.storage import open_storage, tables

_log = logging.getLogger(__name__)


def main(source: str = "") -> None:
    """Ingest the source and validate it."""
    validate(**ingest(source))


def default_source() -> str:
    """Give the source that `DATA_SOURCE` names: a file, or an object of the bucket."""
    return read("DATA_SOURCE", "data/sample.csv")


def ingest(source: str = "") -> dict[str, str]:
    """Keep the source in storage, untouched, under a `key` that its content decides, and give it.

    `source` is a file, or an object of this environment's bucket, `gs://<bucket>/<key>`.
    """
    source = source or default_source()
    content = fetch(source)
    key = f"raw/{hashlib.sha256(content).hexdigest()[:12]}.csv"
    open_storage().put(key, content)
    _log.info("%s is kept as %s", source, key)
    return {"key": key}


def validate(key: str) -> dict[str, str]:
    """Clean a raw file and write its examples as a table; give their `fingerprint`.

    Raises
    ------
    InvalidData
        The file breaks a rule; the table stays as it was.
    """
    examples = clean(parse_csv(open_storage().get(key).data, key), key)
    open_storage().write(tables.EXAMPLES, examples)
    fingerprint = split.fingerprint(split.to_frame(examples))
    open_storage().put(tables.EXAMPLES_MARK, fingerprint.encode())
    _log.info("%d examples from %s are now in table %r", len(examples), key, tables.EXAMPLES)
    return {"fingerprint": fingerprint}


def read_source() -> pd.DataFrame:
    """Read the examples that the source would give, without writing anything."""
    source = default_source()
    return split.to_frame(clean(parse_csv(fetch(source), source), source))


def fetch(source: str) -> bytes:
    """Read a file, or an object of the bucket."""
    if source.startswith("gs://"):
        cloud = load_cloud()
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


def clean(frame: pd.DataFrame, source: str = "the source") -> pa.Table:
    """Keep the columns of the contract and the rows that can be learnt from, typed.

    Raises
    ------
    InvalidData
        A column is missing, no row is left, or a value breaks a rule of `schema.py`.
        Rows are named as a spreadsheet does: the header is row 1.
    """
    names = list(columns.of())
    _require_columns(frame, names, source)
    labelled = frame[frame[schema.TARGET].notna()][names]
    distinct = labelled.drop_duplicates()
    _warn_dropped(len(frame) - len(labelled), f"without a value of {schema.TARGET!r}")
    _warn_dropped(len(labelled) - len(distinct), "that repeat another row")
    if distinct.empty:
        raise InvalidData(f"{source} has no row to learn from; each needs a {schema.TARGET!r}.")
    texts: dict[Any, list[Any]] = distinct.to_dict("list")
    return parsing.parse_table(texts, (distinct.index + 2).tolist())


def _read_csv(text: str) -> pd.DataFrame:
    """Read a CSV file as texts, by the delimiter that its header holds most of."""
    sep = max(",;\t|", key=text.partition("\n")[0].count)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a row with too many values
        return pd.read_csv(StringIO(text), sep=sep, dtype=str, na_values=["?"], index_col=False)


def _identifier(name: str) -> str:
    word = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    return f"{word}_" if iskeyword(word) else word if word[:1].isalpha() else f"column_{word}"


def _require_columns(frame: pd.DataFrame, names: list[str], source: str) -> None:
    present = ", ".join(map(str, frame.columns))
    missing = [name for name in names if name not in frame]
    if missing:
        raise InvalidData(
            *(f"column {name!r} is missing from {source}; it has: {present}." for name in missing)
        )
    if extra := [str(name) for name in frame if name not in names]:
        _log.warning("not in schema.py, so left out: %s", ", ".join(extra))


def _warn_dropped(count: int, why: str) -> None:
    if count:
        _log.warning("%d rows %s are left out", count, why)
