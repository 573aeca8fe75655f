"""The store of Google Cloud: tables as Parquet files, and objects, both in Cloud Storage."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import NotFound
from app.storage.interface import Rows
from app.storage.objects import Objects
from app.storage.remedies import translated
from app.storage.rules import checked_name, require_storable

VARIABLES: tuple[str, ...] = ()
"""Variables of the environment that a process elsewhere needs too."""


class _Pointer(NamedTuple):
    folder: str
    generation: int


class CloudStorage(Objects):
    """A table is a folder of Parquet files, and an object that says which folder is valid.

    A replacing write fills a new folder and then changes the object; an append adds a file.
    """

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table; readers see all rows or none."""
        require_storable(rows.schema)
        with self._translated_table(table):
            old = self._pointer(table)
            if append and old:
                self._write_file(old.folder, rows)
                return
            folder = f".tables/{checked_name(table)}/{uuid4().hex}/"
            self._write_file(folder, rows)
            self._bucket.blob(f".tables/{table}.valid").upload_from_string(
                folder, if_generation_match=old.generation if old else 0, timeout=60
            )
            if old:
                for blob in self._files(old.folder):
                    blob.delete(timeout=60)

    def read(self, table: str, *, limit: int | None = None) -> pa.Table:
        """Read a table, or so many of its rows; every file is read."""
        return self._read(table).slice(0, limit)

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """Read a table piece by piece, in bounded memory."""
        with self._translated_table(table):
            for blob in self._files(self._required(table)):
                with blob.open("rb") as file:
                    yield from pq.ParquetFile(file).iter_batches(batch_rows)

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with self._translated_table(table):
            old = self._pointer(table)
            if old:
                self._bucket.blob(f".tables/{table}.valid").delete(timeout=60)
                for blob in self._files(old.folder):
                    blob.delete(timeout=60)

    def _read(self, table: str, filters: list[tuple[str, str, Any]] | None = None) -> pa.Table:
        with self._translated_table(table):
            parts = []
            for blob in self._files(self._required(table)):
                with blob.open("rb") as file:
                    parts.append(pq.read_table(file, filters=filters))
        return pa.concat_tables(parts)

    def _write_file(self, folder: str, rows: Rows) -> None:
        """Write a Parquet file; names begin with the time, so that files are read in order."""
        name = f"{folder}{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex}.parquet"
        reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
        with self._writer(name) as file, pq.ParquetWriter(file, reader.schema) as parquet:
            for batch in reader:
                parquet.write_batch(batch)

    def _files(self, folder: str) -> list[Any]:
        return list(self._bucket.list_blobs(prefix=folder, timeout=60))

    def _pointer(self, table: str) -> _Pointer | None:
        blob = self._bucket.get_blob(f".tables/{checked_name(table)}.valid", timeout=60)
        return _Pointer(blob.download_as_text(timeout=60), blob.generation) if blob else None

    def _required(self, table: str) -> str:
        pointer = self._pointer(table)
        if pointer is None:
            raise NotFound(f"table {table!r} does not exist in gs://{self._cloud.bucket}.")
        return pointer.folder

    def _translated_table(self, table: str) -> AbstractContextManager[None]:
        return translated(
            self._cloud, f"table {table!r} was replaced while it was read: run it again."
        )
