"""Ingest the source: keep it as it came, validate and clean it, write the table of examples."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from app import schema
from app.config import load_cloud, read
from app.contract import columns, parsing
from app.data import reading, split
from app.errors import ConfigError, InvalidData
from app.storage import open_storage, tables

_log = logging.getLogger(__name__)


class Cleaned(NamedTuple):
    """Typed examples, and how often what was changed on the way to them."""

    examples: pa.Table
    changes: dict[str, int]


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
    storage = open_storage()
    examples, changes = clean(reading.parse_csv(storage.get(key).data, key), key)
    storage.write(tables.EXAMPLES, examples)
    storage.put(key.replace(".csv", ".json"), json.dumps(changes, indent=2).encode())
    fingerprint = split.fingerprint(split.to_frame(examples))
    storage.put(tables.EXAMPLES_MARK, fingerprint.encode())
    if changes:
        told = "; ".join(f"{count} {what}" for what, count in changes.items())
        _log.warning("changed on reading: %s", told)
    _log.info("%d examples from %s are now in table %r", len(examples), key, tables.EXAMPLES)
    return {"fingerprint": fingerprint}


def read_source() -> Cleaned:
    """Read what the source would give, without writing anything."""
    source = default_source()
    return clean(reading.parse_csv(fetch(source), source), source)


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


def clean(frame: pd.DataFrame, source: str = "the source") -> Cleaned:
    """Keep the columns of the contract and the rows that can be learnt from, typed.

    Raises
    ------
    InvalidData
        A column is missing, no row is left, or a value breaks a rule of `schema.py`.
        Rows are named as a spreadsheet does: the header is row 1.
    """
    _require_columns(frame, list(columns.of()), source)
    changes = dict[str, int]()
    read = dict[str, pd.Series]()
    for name, column in columns.of().items():
        values = parsing.present(column, frame[name])
        read[name] = pd.Series(values, frame.index, dtype=object)
        told = read[name].isna() & frame[name].notna() & (frame[name] != "")
        changes[f"cells of {name} read as missing"] = int(told.sum())
    labelled = pd.DataFrame(read)[read[schema.TARGET].notna()]
    changes[f"rows without {schema.TARGET} left out"] = len(frame) - len(labelled)
    if labelled.empty:
        raise InvalidData(f"{source} has no row to learn from; each needs a {schema.TARGET!r}.")
    texts: dict[Any, list[Any]] = labelled.to_dict("list")
    numbers = (labelled.index + 2).tolist()
    table = _once(parsing.parse_table(texts, numbers), numbers, source)
    changes["rows that repeat another left out"] = len(labelled) - len(table)
    return Cleaned(table, {what: count for what, count in changes.items() if count})


def _once(table: pa.Table, numbers: list[int], source: str) -> pa.Table:
    """Keep one of equal rows, if the contract has a KEY: without one, equal rows are two facts."""
    key = columns.role("KEY")
    if key is None:
        return table
    rows = split.to_frame(table)
    places = np.flatnonzero(~rows.duplicated())
    again = rows[key].iloc[places].duplicated().to_numpy()
    if again.any():
        place = int(places[again][0])
        raise InvalidData(
            f"{source}, row {numbers[place]}: the {key} {str(rows[key][place])!r} is there twice, "
            "with other values: correct one of the rows, or set KEY to None."
        )
    return table.take(places)


def _require_columns(frame: pd.DataFrame, names: list[str], source: str) -> None:
    present = ", ".join(map(str, frame.columns))
    missing = [name for name in names if name not in frame]
    if missing:
        problems = [f"column {n!r} is missing from {source}; it has: {present}." for n in missing]
        if len(missing) == len(names):
            problems += ["Row 1 must be the header: names between , or ; or tabs or |, no title."]
        raise InvalidData(*problems)
    if extra := [str(name) for name in frame if name not in names]:
        _log.warning("not in schema.py, so left out: %s", ", ".join(extra))
