"""Tables of Parquet files that grow row by row, and from which few rows are asked."""

from app.storage import cloud
from app.storage.appended import Row, to_arrow
from app.storage.interface import Equals
from app.storage.rules import checked_name


class AppendingCloud(cloud.CloudStorage):
    """What Google Cloud's store has else; an append adds a file."""

    def find(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> list[Row]:
        """Read a few rows, perhaps only those with these values, perhaps the newest first.

        Every file is read, so a table that is asked often wants a real database.
        """
        wanted = [(checked_name(name), "=", value) for name, value in (equals or {}).items()]
        rows = self._read(table, wanted or None)
        if newest_by:
            rows = rows.sort_by([(newest_by, "descending")])
        return list(rows.slice(0, limit).to_pylist())

    def append(self, table: str, rows: list[Row]) -> None:
        """Add rows, all or none, as one file."""
        self.write(table, to_arrow(table, rows), append=True)
