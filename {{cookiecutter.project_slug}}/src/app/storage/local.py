"""The store of a laptop: tables in a DuckDB file, objects in a folder.

DuckDB is imported with the first table: who only reads objects, as who predicts, does without.
"""

import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from filelock import FileLock

from app.errors import Conflict, NotFound, StorageUnavailable
from app.storage.interface import Blob, Rows
from app.storage.rules import checked_key, checked_name, require_storable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ONE_THREAD = RLock()
"""Reads or writes at a time: all threads share what DuckDB may use, and lines of JSON take a
part of it. A stream waits for nobody, because its reader may write meanwhile."""

_OPENING = RLock()
"""Two threads that open the file at once share one database, which one of them may see half made:
`Table Function with name python_arrow_scan does not exist`."""

_WAIT_SECONDS = 20.0


class LocalStorage:
    """Tables in `<folder>/tables.duckdb` and objects under `<folder>/objects/`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "tables.duckdb"
        self._turns = FileLock(
            folder / "tables.lock",
            timeout=_WAIT_SECONDS,
            thread_local=False,
            is_singleton=True,
            poll_interval=0.005,  # who reads without a pause leaves others little time
        )
        self._objects = folder / "objects"

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table, in one transaction."""
        require_storable(rows.schema)
        name = quoted(table)
        with ONE_THREAD, self._database() as database:
            database.register("incoming", rows)
            database.begin()
            adds = append and table in names(database)
            verb = f"INSERT INTO {name} BY NAME" if adds else f"CREATE OR REPLACE TABLE {name} AS"
            database.execute(f"{verb} SELECT * FROM incoming")
            database.commit()

    def read(self, table: str, *, limit: int | None = None) -> "pa.Table":
        """Read a table, or so many of its rows."""
        with ONE_THREAD, self._rows_of(table) as (database, rows):
            found = database.sql(f"SELECT * FROM {rows}")
            return (found if limit is None else found.limit(limit)).to_arrow_table()

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator["pa.RecordBatch"]:
        """Read a table piece by piece, in bounded memory."""
        with self._rows_of(table) as (database, rows):
            yield from database.sql(f"SELECT * FROM {rows}").to_arrow_reader(batch_rows)

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with ONE_THREAD, self._database() as database:
            database.execute(f"DROP TABLE IF EXISTS {quoted(table)}")

    def put(self, key: str, data: bytes, *, generation: int | None = None) -> int:
        """Write an object whole or not at all; see `Storage.put` for the generation."""
        path = self._path(key)
        with writable(path):
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
        with writable(path):
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
        with writable(path):
            path.unlink(missing_ok=True)

    @contextmanager
    def _database(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Open the file for one operation, so that several processes can take turns."""
        try:
            import duckdb  # pylint: disable=import-outside-toplevel # not every process reads tables
        except ModuleNotFoundError:
            raise StorageUnavailable(
                "DuckDB, the store of APP_ENV=local, is not installed here: build the image with "
                "--build-arg=STORE=local, or let APP_ENV name an environment of Google Cloud."
            ) from None
        with writable(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._turn():
                    with _OPENING:
                        database = duckdb.connect(self._file)
                    with closing(database):
                        database.execute("SET TimeZone = 'UTC'")
                        database.execute("SET memory_limit = '256MB'")  # else all of the machine's
                        database.execute("SET threads = 1")  # each thread would need as much
                        yield database
            except duckdb.OutOfMemoryException:
                raise StorageUnavailable(
                    "the rows take more than DuckDB's 256 MB: ask for fewer, or keep shorter texts."
                ) from None
            except duckdb.OperationalError as error:
                raise OSError(str(error).splitlines()[0]) from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Keep other processes from the file: its threads share the lock of a process.

        DuckDB locks the file as well, but not before it has read where the newest tables begin. A
        process that wrote since would lose what it wrote.
        """
        with _OPENING:
            self._turns.acquire()
        try:
            yield
        finally:
            with _OPENING:
                self._turns.release()

    @contextmanager
    def _rows_of(self, table: str) -> Iterator[tuple["duckdb.DuckDBPyConnection", str]]:
        """Open the file for a table that must exist, and give what to select its rows from."""
        with self._database() as database:
            sources = self._sources(database, table)
            if not sources:
                raise NotFound(f"table {table!r} does not exist in {self._file}.")
            yield database, f"({' UNION ALL BY NAME '.join(sources)})"

    def _sources(self, database: "duckdb.DuckDBPyConnection", table: str) -> list[str]:
        """Give a query for each place that has rows of a table."""
        return [f"FROM {quoted(table)}"] if table in names(database) else []

    def _path(self, key: str) -> Path:
        return self._objects / checked_key(key)


def names(database: "duckdb.DuckDBPyConnection") -> list[str]:
    """List the tables."""
    return sorted(name for (name,) in database.execute("SHOW TABLES").fetchall())


def quoted(name: str) -> str:
    """Give the name of a table as it stands in a query."""
    return f'"{checked_name(name)}"'


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Say in a sentence what keeps us from reading or writing."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"{path} cannot be read or written: {str(error.strerror or error).rstrip('.')}. Set "
            "LOCAL_STORE to a folder that you may write to, and close other programs that use it."
        ) from error


def _generation(data: bytes) -> int:
    return zlib.crc32(data) + 1
