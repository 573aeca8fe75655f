"""The store of a laptop: tables in a DuckDB file, objects in a folder."""

import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa
from filelock import FileLock

from app.errors import Conflict, NotFound, StorageUnavailable
from app.storage.interface import Blob
from app.storage.rules import checked_key, checked_name, require_storable

_WRITING = Lock()
_WAIT_SECONDS = 20.0


class LocalStorage:
    """Tables in `<folder>/tables.duckdb` and objects under `<folder>/objects/`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "tables.duckdb"
        self._objects = folder / "objects"

    def write(
        self, table: str, rows: pa.Table | pa.RecordBatchReader, *, append: bool = False
    ) -> None:
        """Replace or append to a table, in one transaction."""
        require_storable(rows.schema)
        name = _quoted(table)
        with _WRITING, self._database() as database:
            database.register("incoming", rows)
            database.begin()
            if append and table in _names(database):
                database.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
            else:
                database.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
            database.commit()

    def read(
        self,
        table: str,
        *,
        equals: Mapping[str, Any] | None = None,
        newest_by: str | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Read rows, perhaps only those with these values, perhaps the newest first."""
        where = " AND ".join(f"{_quoted(name)} = ?" for name in equals or {})
        query = f"SELECT * FROM {_quoted(table)}" + (f" WHERE {where}" if where else "")
        query += f" ORDER BY {_quoted(newest_by)} DESC" if newest_by else ""
        query += f" LIMIT {int(limit)}" if limit is not None else ""
        with self._database() as database:
            self._require(database, table)
            return database.sql(query, params=list((equals or {}).values())).to_arrow_table()

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """Read a table piece by piece, in bounded memory."""
        with self._database() as database:
            self._require(database, table)
            yield from database.sql(f"SELECT * FROM {_quoted(table)}").to_arrow_reader(batch_rows)

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with _WRITING, self._database() as database:
            database.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")

    def put(self, key: str, data: bytes, *, generation: int | None = None) -> int:
        """Write an object whole or not at all; see `Storage.put` for the generation."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT_SECONDS):
                now = _generation(path.read_bytes()) if path.exists() else 0
                if generation not in (None, now):
                    raise Conflict(f"{key} was changed by somebody else: read it and try again.")
                fresh = path.with_name(f".{path.name}.new")
                fresh.write_bytes(data)
                fresh.replace(path)
        except OSError as error:
            raise _unavailable(path, error) from error
        return _generation(data)

    def get(self, key: str) -> Blob:
        """Read an object."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(f"{key} does not exist in {self._objects}.") from None
        except OSError as error:
            raise _unavailable(path, error) from error
        return Blob(data, _generation(data))

    def keys(self, prefix: str = "") -> list[str]:
        """List the keys that start with a prefix, in alphabetical order."""
        files = (path for path in self._objects.rglob("[!.]*") if path.is_file())
        found = (path.relative_to(self._objects).as_posix() for path in files)
        return sorted(key for key in found if key.startswith(prefix))

    def remove(self, key: str) -> None:
        """Delete an object; one that is absent stays so."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(path, error) from error

    @contextmanager
    def _database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for one operation, so that several processes can take turns."""
        database = self._connect()
        try:
            database.execute("SET TimeZone = 'UTC'")
            database.execute("SET memory_limit = '128MB'")  # by default it fills the machine's
            yield database
        except (duckdb.IOException, duckdb.TransactionException) as error:
            raise _unavailable(self._file, error) from error
        finally:
            database.close()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                return duckdb.connect(self._file)
            except OSError as error:
                raise _unavailable(self._file, error) from error
            except duckdb.IOException as error:
                if "lock" not in str(error).lower() or time.monotonic() > deadline:
                    raise _unavailable(self._file, error) from error
                time.sleep(0.05)

    def _require(self, database: duckdb.DuckDBPyConnection, table: str) -> None:
        if table not in _names(database):
            raise NotFound(f"table {table!r} does not exist in {self._file}.")

    def _path(self, key: str) -> Path:
        return self._objects / checked_key(key)


def _names(database: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted(name for (name,) in database.execute("SHOW TABLES").fetchall())


def _quoted(name: str) -> str:
    return f'"{checked_name(name)}"'


def _generation(data: bytes) -> int:
    return zlib.crc32(data) + 1


def _unavailable(path: Path, error: Exception) -> StorageUnavailable:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return StorageUnavailable(
        f"{path} cannot be read or written: {reason}. "
        "Set LOCAL_STORE to a folder that you may write to, and close other programs that use it."
    )
