"""The store of a laptop, with tables to which rows are appended as lines of JSON, without DuckDB.

The lines are in files that only grow, one for each process and table: two processes never write one
file, and one that is killed leaves at most a line that is not whole. Readers query the files where
they lie. A file belongs to a process as long as its lock is held.
`gather` moves the lines of processes that have ended into the table.  # >>> sprint >= 4
"""

import errno
import glob
import os
from collections.abc import Iterator  # >>> sprint >= 4
from contextlib import ExitStack, contextmanager, suppress  # >>> sprint >= 4
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

import filelock
from pydantic_core import to_json

from app.storage import local
from app.storage.appended import COLUMNS, Row, selection
from app.storage.interface import Equals
from app.storage.rules import checked_name

if TYPE_CHECKING:
    import duckdb

_KINDS = {"text": "VARCHAR", "json": "JSON", "number": "DOUBLE", "time": "TIMESTAMPTZ"}
# >>> sprint >= 4
_GATHERED = "_gathered"
"""The table that names the files whose lines were moved."""
# <<<


class AppendingStorage(local.LocalStorage):
    """Lines in `<folder>/appended/<table>/*.jsonl`, and what a laptop's store has else."""

    appends_at_once = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._appended = folder / "appended"
        self._own: dict[str, tuple[FileIO, filelock.FileLock]] = {}
        self._appending = Lock()

    def append(self, table: str, rows: list[Row]) -> None:
        """Add rows, all or none: what the system has when this returns outlives the process."""
        lines = b"".join([to_json(row) + b"\n" for row in rows])
        with local.writable(self._appended), self._appending:
            file = self._own_file(checked_name(table))
            size = os.fstat(file.fileno()).st_size
            try:
                if file.write(lines) < len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                file.truncate(size)
                raise

    def find(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> list[Row]:
        """Read a few rows, perhaps only those with these values, perhaps the newest first."""
        values = list((equals or {}).values())
        with local.ONE_THREAD, self._rows_of(table) as (database, rows):
            query = selection(equals, newest_by, limit, '"')
            if newest_by and limit is not None:  # to sort whole rows would take too much memory
                at = local.quoted(newest_by)
                oldest = f"SELECT min({at}) FROM (SELECT {at} FROM {rows}{query})"
                values += database.execute(oldest, values).fetchall()[0]
                query = selection(equals, newest_by, limit, '"', since=True)
            found = database.execute(f"SELECT * FROM {rows}{query}", values)
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        super().drop(table)
        _remove(self._files(table))

    # >>> sprint >= 4
    def gather(self, table: str) -> None:
        """Move the lines of processes that have ended into the table.

        What was moved is noted in the same transaction, so that no row is there twice if this ends
        before the files are deleted.
        """
        with self._ended(table) as files:
            with local.ONE_THREAD, self._database() as database:
                database.begin()
                if left := _left(database, files):
                    _insert(database, table, _select(table, left))
                    _note(database, left)
                database.commit()
            _remove(files)

    @contextmanager
    def _ended(self, table: str) -> Iterator[list[Path]]:
        """Give the files whose process has ended, locked for as long as the block lasts."""
        with ExitStack() as held:
            files = []
            for file in self._files(table):
                with suppress(filelock.Timeout):
                    held.enter_context(_lock_of(file))
                    files.append(file)
            yield files

    # <<<
    def _own_file(self, table: str) -> FileIO:
        """Open the file of this process; a new one if somebody deleted it."""
        file = self._own[table][0] if table in self._own else None
        if file is None or os.fstat(file.fileno()).st_nlink == 0:
            path = self._appended / table / f"{uuid4().hex}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _lock_of(path)
            lock.acquire()
            file = FileIO(path, "ab")
            self._own[table] = file, lock
        return file

    def _files(self, table: str) -> list[Path]:
        return sorted((self._appended / table).glob("*.jsonl"))

    def _sources(self, database: "duckdb.DuckDBPyConnection", table: str) -> list[str]:
        files = self._files(table)
        files = _left(database, files)  # >>> sprint >= 4
        lines = [_select(table, files)] if files else []
        return super()._sources(database, table) + lines


def _lock_of(file: Path) -> filelock.FileLock:
    """Give the lock of a file, which whoever takes it does not wait for."""
    return filelock.FileLock(file.with_suffix(".lock"), timeout=0, thread_local=False)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
        file.with_suffix(".lock").unlink(missing_ok=True)


# >>> sprint >= 4
def _left(database: "duckdb.DuckDBPyConnection", files: list[Path]) -> list[Path]:
    """Leave out the files whose lines were moved."""
    known = _GATHERED in local.names(database)
    moved = database.execute(f"FROM {_GATHERED}").fetchall() if known else []
    return [file for file in files if (file.name,) not in moved]


def _insert(database: "duckdb.DuckDBPyConnection", table: str, query: str) -> None:
    name, adds = local.quoted(table), table in local.names(database)
    verb = f"INSERT INTO {name} BY NAME" if adds else f"CREATE TABLE {name} AS"
    database.execute(f"{verb} {query}")


def _note(database: "duckdb.DuckDBPyConnection", files: list[Path]) -> None:
    database.execute(f"CREATE TABLE IF NOT EXISTS {_GATHERED} (file VARCHAR)")
    database.executemany(f"INSERT INTO {_GATHERED} VALUES (?)", [[file.name] for file in files])


# <<<
def _select(table: str, files: list[Path]) -> str:
    """Give the query for what lines hold; one that is not whole (yet) is left out."""
    kinds = COLUMNS[table]
    types = ", ".join(f"'{name}': '{_KINDS[kind]}'" for name, kind in kinds.items())
    names = [f'"{n}"::VARCHAR AS "{n}"' if k == "json" else f'"{n}"' for n, k in kinds.items()]
    # a `*` or `[` in the path of a folder is no pattern
    listed = ", ".join("'" + glob.escape(str(file)).replace("'", "''") + "'" for file in files)
    options = "format='newline_delimited', ignore_errors=true, columns={" + types + "}"
    options += ", hive_partitioning=false"  # `id=7` in the path of a folder is no column
    selected = f"SELECT {', '.join(names)} FROM read_json([{listed}], {options})"
    return f'{selected} WHERE "{next(iter(kinds))}" IS NOT NULL'
