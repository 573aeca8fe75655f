"""Tables in BigQuery that grow row by row, and from which few rows are asked, without Arrow."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import NotFound as Absent
from google.cloud import bigquery
from pydantic_core import to_jsonable_python

from app.config import Cloud, read_count
from app.errors import InvalidData, StorageUnavailable
from app.storage import cloud
from app.storage.appended import Row, selection, stored_types, to_arrow, with_texts
from app.storage.interface import Equals

_FEW_ROWS = 5000
"""So many rows are inserted at once; more are loaded by one job, of which a day has few."""

_DAYS = (1, 30)
"""So far back the newest rows are looked for, before a query reads the whole table."""

_log = logging.getLogger(__name__)


class AppendingCloud(cloud.CloudStorage):
    """What Google Cloud's store has else, and inserts and queries.

    A query that reads over BQ_MAX_BYTES is not run.
    """

    def __init__(self, place: Cloud) -> None:
        super().__init__(place)
        self._max_bytes = read_count("BQ_MAX_BYTES", "100000000")

    def find(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> list[Row]:
        """Read a few rows, perhaps only those with these values, perhaps the newest first."""
        with self._translated_table(table):
            known_table = self._client.get_table(self._name(table), timeout=60)
            if equals or newest_by:
                rows = self._select(known_table, equals or {}, newest_by, limit)
            else:
                rows = self._client.list_rows(known_table, max_results=limit, timeout=60)
            return [dict(row.items()) for row in rows]

    def append(self, table: str, rows: list[Row]) -> None:
        """Add rows, all or none: a few by one insert, more as `write` does."""
        if len(rows) > _FEW_ROWS:
            self.write(table, to_arrow(table, rows), append=True)
            return
        with self._translated_table(table):
            self._insert(table, rows)

    def _select(
        self, table: bigquery.Table, equals: Mapping[str, Any], newest_by: str, limit: int | None
    ) -> Any:
        """Query a table; of one that is kept by days, the last ones first, if they will do."""
        types = {field.name: field.field_type for field in table.schema}
        values = [(types[name], value) for name, value in equals.items()]
        by_days = table.time_partitioning and table.time_partitioning.field == newest_by
        for days in _DAYS if by_days and limit is not None else ():
            since = (types[newest_by], datetime.now(UTC) - timedelta(days))
            recent = selection(equals, newest_by, limit, "`", since=True)
            rows = self._ask(f"SELECT * FROM `{table}`{recent}", [*values, since])
            if rows.total_rows == limit:
                return rows
        return self._ask(
            f"SELECT * FROM `{table}`{selection(equals, newest_by, limit, '`')}", values
        )

    def _ask(self, query: str, values: list[tuple[str, Any]]) -> Any:
        """Run a query, if the estimate of what it reads is below the limit."""
        parameters = [bigquery.ScalarQueryParameter(None, kind, value) for kind, value in values]
        plan = bigquery.QueryJobConfig(query_parameters=parameters, dry_run=True)
        estimate = self._client.query(query, plan, timeout=60).total_bytes_processed or 0
        _log.debug("%s reads %s bytes", query, estimate)
        if estimate > self._max_bytes:
            raise StorageUnavailable(
                f"the query would read {estimate} bytes, more than BQ_MAX_BYTES={self._max_bytes}: "
                "ask for fewer rows, or raise it."
            )
        config = bigquery.QueryJobConfig(
            query_parameters=parameters, maximum_bytes_billed=self._max_bytes
        )
        return self._client.query(query, config, job_retry=None, timeout=60).result(timeout=300)

    def _insert(self, table: str, rows: list[Row]) -> None:
        """Insert a few rows at once; the table is made if absent."""
        try:
            known_table = self._client.get_table(self._name(table), timeout=60)
        except Absent:
            new_table = bigquery.Table(self._name(table), cloud.fields(stored_types(table)))
            new_table.time_partitioning = cloud.partitioning(table)
            known_table = self._client.create_table(new_table, exists_ok=True, timeout=60)
        plain = [to_jsonable_python(row) for row in with_texts(table, rows)]
        refused = self._client.insert_rows_json(known_table, plain, timeout=60) if plain else []
        if refused:
            raise InvalidData(*(f"table {table!r} refused a row: {row}" for row in refused[:5]))
