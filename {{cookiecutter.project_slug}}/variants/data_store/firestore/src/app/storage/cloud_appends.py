"""Tables in Firestore that grow row by row, and from which few rows are asked, without Arrow."""

from typing import Any

from google.cloud import firestore

from app.storage import cloud
from app.storage.appended import Row, stored_types, with_texts
from app.storage.interface import Equals
from app.storage.rules import checked_name


class AppendingCloud(cloud.CloudStorage):
    """What Google Cloud's store has else, and single documents and queries."""

    def find(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> list[Row]:
        """Read a few rows, perhaps only those with these values, perhaps the newest first."""
        with self._translated_table(table):
            types, rows = self._types(table), list[Row]()
            for part in self._parts(table):
                query = _query(part, equals, newest_by, limit)
                rows += [_row(document.to_dict(), types) for document in query.stream(timeout=60)]
        if newest_by:  # what is missing comes last
            rows.sort(key=lambda row: (row[newest_by] is not None, row[newest_by]), reverse=True)
        return rows[:limit]

    def append(self, table: str, rows: list[Row]) -> None:
        """Add rows, all or none: a few to the newest part, more as a new one."""
        documents = with_texts(table, rows)
        with self._translated_table(table):
            parts = self._parts(table)
            if parts and len(documents) <= cloud.COMMIT_ROWS:
                self._commit(parts[-1], documents)
            else:
                self._add_part(table, stored_types(table), documents)


def _query(part: Any, equals: Equals, newest_by: str, limit: int | None) -> Any:
    """Ask a part for rows with these values, or for the newest: both would need an index."""
    for name, value in (equals or {}).items():
        part = part.where(filter=firestore.FieldFilter(checked_name(name), "==", value))
    if newest_by and not equals:
        part = part.order_by(checked_name(newest_by), direction="DESCENDING")
    return part.limit(limit) if limit is not None and not (newest_by and equals) else part


def _row(document: Row, types: dict[str, str]) -> Row:
    """Give a document as a row; Firestore keeps dates as times."""
    days = [name for name in types if types[name] == "date32[day]" and document[name]]
    return {name: document[name] for name in types} | {n: document[n].date() for n in days}
