"""The store of a laptop: tables in a DuckDB file, objects in a folder."""

import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

import duckdb
import pyarrow as pa
from filelock import FileLock

from app.errors import Conflict, NotFound, StorageUnavailable
from app.storage.interface import Blob, Equals, Rows
from app.storage.rules import checked_key, checked_name, require_storable, selection

_WRITING = Lock()
_OPENING = Lock()
"""Two threads that open the file at once share one database, which one of them may see half made:
`Table Function with name python_arrow_scan does not exist`."""

_WAIT_SECONDS = 20.0


class LocalStorage:
    """Tables in `<folder>/tables.duckdb` and objects under `<folder>/objects/`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "tables.duckdb"
        self._objects = folder / "objects"

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table, in one transaction."""
        require_storable(rows.schema)
        name = _quoted(table)
        with _WRITING, self._database() as database:
            database.register("incoming", rows)
            database.begin()
            adds = append and table in _names(database)
            verb = f"INSERT INTO {name} BY NAME" if adds else f"CREATE OR REPLACE TABLE {name} AS"
            database.execute(f"{verb} SELECT * FROM incoming")
            database.commit()

    def read(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> pa.Table:
        """Read rows, perhaps only those with these values, perhaps the newest first."""
        query = f"SELECT * FROM {_quoted(table)}" + selection(equals, newest_by, limit, '"')
        with self._table(table) as database:
            return database.sql(query, params=list((equals or {}).values())).to_arrow_table()

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """Read a table piece by piece, in bounded memory."""
        with self._table(table) as database:
            yield from database.sql(f"SELECT * FROM {_quoted(table)}").to_arrow_reader(batch_rows)

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with _WRITING, self._database() as database:
            database.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")

    def put(self, key: str, data: bytes, *, generation: int | None = None) -> int:
        """Write an object whole or not at all; see `Storage.put` for the generation."""
        path = self._path(key)
        with _writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT_SECONDS):
                now = _generation(path.read_bytes()) if path.exists() else 0
                if generation not in (None, now):
                    raise Conflict(f"{key} was changed by somebody else: read it and try again.")
                complete = path.with_name(f".{path.name}.new")
                complete.write_bytes(data)
                complete.replace(path)
        return _generation(data)

    def get(self, key: str) -> Blob:
        """Read an object."""
        path = self._path(key)
        with _writable(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                raise NotFound(f"{key} does not exist in {self._objects}.") from None
        return Blob(data, _generation(data))

    def keys(self, prefix: str = "") -> list[str]:
        """List the keys that start with a prefix, in alphabetical order."""
        files = (path for path in self._objects.rglob("[!.]*") if path.is_file())
        keys = (path.relative_to(self._objects).as_posix() for path in files)
        return sorted(key for key in keys if key.startswith(prefix))

    def remove(self, key: str) -> None:
        """Delete an object; one that is absent stays so."""
        path = self._path(key)
        with _writable(path):
            path.unlink(missing_ok=True)

    @contextmanager
    def _database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for one operation, so that several processes can take turns."""
        with _writable(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as database:
                database.execute("SET TimeZone = 'UTC'")
                database.execute("SET memory_limit = '128MB'")  # by default it fills the machine's
                yield database

    def _connect(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                with _OPENING:
                    return duckdb.connect(self._file)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower() or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @contextmanager
    def _table(self, table: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for a table that must exist."""
        with self._database() as database:
            if table not in _names(database):
                raise NotFound(f"table {table!r} does not exist in {self._file}.")
            yield database

    def _path(self, key: str) -> Path:
        return self._objects / checked_key(key)


def _names(database: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted(name for (name,) in database.execute("SHOW TABLES").fetchall())


def _quoted(name: str) -> str:
    return f'"{checked_name(name)}"'


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Say in a sentence what keeps us from reading or writing."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise StorageUnavailable(
            f"{path} cannot be read or written: {reason}. Set LOCAL_STORE to a folder that you may "
            "write to, and close other programs that use it."
        ) from error


def _generation(data: bytes) -> int:
    return zlib.crc32(data) + 1
