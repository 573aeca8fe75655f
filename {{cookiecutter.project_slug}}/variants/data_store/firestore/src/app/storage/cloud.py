"""The store of Google Cloud: a row is a document in Firestore, objects are in Cloud Storage."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from google.cloud import firestore

from app.config import Cloud, read
from app.errors import NotFound
from app.storage.interface import Rows
from app.storage.objects import Objects
from app.storage.remedies import translated
from app.storage.rules import checked_name, require_storable

if TYPE_CHECKING:
    import pyarrow as pa

VARIABLES = ("FIRESTORE_DATABASE",)
"""Variables of the environment that a process elsewhere needs too."""

_DATE, _TIME = "date32[day]", "timestamp[us, tz=UTC]"
COMMIT_ROWS = 400
"""So many documents are written at once, all or none."""


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
            old = [] if append else self._parts(table)
            types = {field.name: str(field.type) for field in rows.schema}
            self._add_part(table, types, _documents(rows), append=append)
            for replaced in old:
                self._client.recursive_delete(replaced)

    def read(self, table: str, *, limit: int | None = None) -> "pa.Table":
        """Read a table, or so many of its rows."""
        with self._translated_table(table):
            schema, rows = _as_arrow(self._types(table)), list[dict[str, Any]]()
            for part in self._parts(table):
                left = part if limit is None else part.limit(limit - len(rows))
                if limit is None or len(rows) < limit:
                    rows += [document.to_dict() for document in left.stream(timeout=60)]
        return _from_stored(rows, schema)

    def stream(self, table: str, batch_rows: int = 5_000) -> Iterator["pa.RecordBatch"]:
        """Read a table page by page, in the order of the documents' ids."""
        with self._translated_table(table):
            schema = _as_arrow(self._types(table))
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

    def _add_part(
        self,
        table: str,
        types: Mapping[str, str],
        rows: Iterable[dict[str, Any]],
        *,
        append: bool = True,
    ) -> None:
        """Write rows to a new part, and then make it valid, beside the others or alone."""
        part = self._fill_part(table, rows)
        columns = [{"name": name, "type": kind} for name, kind in types.items()]
        parts = firestore.ArrayUnion([part.id]) if append else [part.id]
        self._head(table).set({"columns": columns, "parts": parts}, merge=True, timeout=60)

    def _fill_part(self, table: str, rows: Iterable[dict[str, Any]]) -> Any:
        """Write rows to a new part; it is removed if they end in an error."""
        part, left = self._head(table).collection(uuid4().hex), iter(rows)
        try:
            while piece := list(islice(left, COMMIT_ROWS)):
                self._commit(part, piece)
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

    def _types(self, table: str) -> dict[str, str]:
        """Read the type of each column, by its name in Arrow."""
        head = self._head(table).get(timeout=60).to_dict()
        if head is None:
            raise NotFound(f"table {table!r} does not exist in database {self._database}.")
        return {column["name"]: column["type"] for column in head["columns"]}

    def _translated_table(self, table: str) -> AbstractContextManager[None]:
        return translated(self._cloud, f"table {table!r} cannot be found.")


def _documents(rows: Rows) -> Iterator[dict[str, Any]]:
    """Give rows as documents; Firestore has no dates, only times."""
    for batch in rows.to_batches() if hasattr(rows, "to_batches") else rows:
        yield from batch.cast(_stored(rows.schema)).to_pylist()


def _from_stored(rows: list[dict[str, Any]], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa  # pylint: disable=import-outside-toplevel # who predicts does without

    return pa.Table.from_pylist(rows, _stored(schema)).cast(schema)


def _stored(schema: "pa.Schema") -> "pa.Schema":
    types = {field.name: str(field.type) for field in schema}
    return _as_arrow({n: _TIME if kind == _DATE else kind for n, kind in types.items()})


def _as_arrow(types: Mapping[str, str]) -> "pa.Schema":
    import pyarrow as pa  # pylint: disable=import-outside-toplevel

    kinds = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32())
    known = {str(kind): kind for kind in (*kinds, pa.timestamp("us", "UTC"))}
    return pa.schema([(name, known[kind]) for name, kind in types.items()])
