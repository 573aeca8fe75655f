"""The store of Google Cloud: a row is a document in Firestore, objects are in Cloud Storage."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pyarrow as pa
from google.cloud import firestore

from app.config import Cloud, read
from app.errors import NotFound
from app.storage.interface import Equals, Rows
from app.storage.objects import Objects
from app.storage.remedies import translated
from app.storage.rules import checked_name, require_storable

VARIABLES = ("FIRESTORE_DATABASE",)
"""Variables of the environment that a process elsewhere needs too."""

_COMMIT_ROWS = 400
_TIME = pa.timestamp("us", "UTC")
_KINDS = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), _TIME)
_TYPES = {str(kind): kind for kind in _KINDS}


class CloudStorage(Objects):
    """Documents in the database FIRESTORE_DATABASE.

    The document `tables/<name>` holds the columns and the parts that are valid; each part is a
    collection of rows below it. A write fills a new part and then changes that document.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._database = read("FIRESTORE_DATABASE", f"ml-{cloud.app_env}")
        with translated(cloud, missing=""):
            self._client = firestore.Client(cloud.project, database=self._database)

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table; readers see all rows or none."""
        require_storable(rows.schema)
        with self._translated_table(table):
            old = self._parts(table)
            if append and old and isinstance(rows, pa.Table) and rows.num_rows <= _COMMIT_ROWS:
                self._commit(old[-1], _to_stored(rows, rows.schema))
                return
            part = self._fill_part(table, rows)
            columns = [{"name": field.name, "type": str(field.type)} for field in rows.schema]
            parts = firestore.ArrayUnion([part.id]) if append else [part.id]
            self._head(table).set({"columns": columns, "parts": parts}, merge=True, timeout=60)
            for replaced in [] if append else old:
                self._client.recursive_delete(replaced)

    def read(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> pa.Table:
        """Read rows, perhaps only those with these values, perhaps the newest first."""
        with self._translated_table(table):
            schema, rows = self._schema(table), list[dict[str, Any]]()
            for part in self._parts(table):
                query: Any = part
                for name, value in (equals or {}).items():
                    query = query.where(
                        filter=firestore.FieldFilter(checked_name(name), "==", value)
                    )
                if newest_by and not equals:  # both would need an index made by hand
                    query = query.order_by(checked_name(newest_by), direction="DESCENDING")
                    query = query.limit(limit) if limit is not None else query
                rows += [document.to_dict() for document in query.stream(timeout=60)]
        table_rows = _from_stored(rows, schema)
        if newest_by:
            table_rows = table_rows.sort_by([(newest_by, "descending")])
        return table_rows.slice(0, limit)

    def stream(self, table: str, batch_rows: int = 5_000) -> Iterator[pa.RecordBatch]:
        """Read a table page by page, in the order of the documents' ids."""
        with self._translated_table(table):
            schema = self._schema(table)
            for part in self._parts(table):
                page = part.order_by("__name__").limit(batch_rows)
                while documents := page.get(timeout=60):
                    rows = [document.to_dict() for document in documents]
                    yield from _from_stored(rows, schema).to_batches()
                    page = page.start_after(documents[-1])

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with self._translated_table(table):
            parts = self._parts(table)
            self._head(table).delete(timeout=60)
            for part in parts:
                self._client.recursive_delete(part)

    def _fill_part(self, table: str, rows: Rows) -> Any:
        """Write rows to a new part; it is removed if they end in an error."""
        part = self._head(table).collection(uuid4().hex)
        try:
            for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
                for start in range(0, batch.num_rows, _COMMIT_ROWS):
                    self._commit(part, _to_stored(batch.slice(start, _COMMIT_ROWS), rows.schema))
        except BaseException:
            self._client.recursive_delete(part)
            raise
        return part

    def _commit(self, part: Any, rows: Iterable[dict[str, Any]]) -> None:
        batch = self._client.batch()
        for row in rows:
            batch.set(part.document(), row)
        batch.commit(timeout=60)

    def _head(self, table: str) -> Any:
        return self._client.collection("tables").document(checked_name(table))

    def _parts(self, table: str) -> list[Any]:
        head = self._head(table)
        return [
            head.collection(part)
            for part in (head.get(timeout=60).to_dict() or {}).get("parts", [])
        ]

    def _schema(self, table: str) -> pa.Schema:
        head = self._head(table).get(timeout=60).to_dict()
        if head is None:
            raise NotFound(f"table {table!r} does not exist in database {self._database}.")
        return pa.schema([(column["name"], _TYPES[column["type"]]) for column in head["columns"]])

    def _translated_table(self, table: str) -> AbstractContextManager[None]:
        return translated(self._cloud, f"table {table!r} cannot be found.")


def _to_stored(rows: pa.Table | pa.RecordBatch, schema: pa.Schema) -> list[dict[str, Any]]:
    """Give rows as documents; Firestore has no dates, only times."""
    return list(rows.cast(_stored(schema)).to_pylist())


def _from_stored(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, _stored(schema)).cast(schema)


def _stored(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [(field.name, _TIME if field.type == pa.date32() else field.type) for field in schema]
    )
