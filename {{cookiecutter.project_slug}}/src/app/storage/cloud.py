"""The store of Google Cloud: tables in BigQuery, objects in Cloud Storage."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import NotFound as Absent
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from app.config import Cloud, read, read_count
from app.errors import InvalidData, StorageUnavailable
from app.storage.interface import Equals, Rows
from app.storage.objects import Objects
from app.storage.remedies import translated
from app.storage.rules import checked_name, require_storable, selection
from app.storage.tables import PARTITIONED_BY

_FEW_ROWS = 5000
"""So many rows are inserted at once; more are loaded by one job, of which a day has few."""

_DAYS = (1, 30)
"""So far back the newest rows are looked for, before a query reads the whole table."""

VARIABLES = ("BQ_DATASET", "BQ_MAX_BYTES")
"""Variables of the environment that a process elsewhere needs too."""

_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMP",
}
_log = logging.getLogger(__name__)


class CloudStorage(Objects):
    """Tables in the data set BQ_DATASET; a query that reads over BQ_MAX_BYTES is not run."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        emulated = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None
        self._dataset = f"{cloud.project}.{read('BQ_DATASET', f'ml_{cloud.app_env}')}"
        self._max_bytes = read_count("BQ_MAX_BYTES", "100000000")
        with translated(cloud, missing=""):
            self._client = bigquery.Client(cloud.project, emulated, location=cloud.region)

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table, by one insert or one load job."""
        require_storable(rows.schema)
        with self._translated_table(table):
            if append and isinstance(rows, pa.Table) and rows.num_rows <= _FEW_ROWS:
                self._insert(table, rows)
            else:
                self._load(table, rows, append)

    def read(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> pa.Table:
        """Read rows, perhaps only those with these values, perhaps the newest first."""
        with self._translated_table(table):
            known_table = self._client.get_table(self._name(table), timeout=60)
            if equals or newest_by:
                rows = self._select(known_table, equals or {}, newest_by, limit)
            else:
                rows = self._client.list_rows(known_table, max_results=limit, timeout=60)
            return rows.to_arrow(create_bqstorage_client=False)

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """Read a table page by page, which is free of charge."""
        with self._translated_table(table):
            description = self._client.get_table(self._name(table), timeout=60)
            rows = self._client.list_rows(description, page_size=batch_rows, timeout=60)
            for batch in rows.to_arrow_iterable():
                if batch.num_rows:
                    yield batch

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""
        with self._translated_table(table):
            self._client.delete_table(self._name(table), not_found_ok=True, timeout=60)

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

    def _insert(self, table: str, rows: pa.Table) -> None:
        """Insert a few rows at once; the table is made if absent."""
        try:
            known_table = self._client.get_table(self._name(table), timeout=60)
        except Absent:
            new_table = bigquery.Table(self._name(table), _fields(rows.schema))
            new_table.time_partitioning = _partitioning(table)
            known_table = self._client.create_table(new_table, exists_ok=True, timeout=60)
        times = [f.name for f in rows.schema if pa.types.is_temporal(f.type)]
        plain = [
            row | {n: row[n] and row[n].isoformat() for n in times} for row in rows.to_pylist()
        ]
        refused = self._client.insert_rows_json(known_table, plain, timeout=60) if plain else []
        if refused:
            raise InvalidData(*(f"table {table!r} refused a row: {row}" for row in refused[:5]))

    def _load(self, table: str, rows: Rows, append: bool) -> None:
        """Write a Parquet file to the bucket piece by piece, and load it by one job."""
        reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
        staged = f".staged/{checked_name(table)}-{uuid4().hex}.parquet"
        with self._writer(staged) as file, pq.ParquetWriter(file, reader.schema) as parquet:
            for batch in reader:
                parquet.write_batch(batch)
        mode, config = bigquery.WriteDisposition, bigquery.LoadJobConfig()
        config.source_format = bigquery.SourceFormat.PARQUET
        config.schema = _fields(reader.schema)
        config.write_disposition = mode.WRITE_APPEND if append else mode.WRITE_TRUNCATE
        config.time_partitioning = _partitioning(table)
        try:
            uri = f"gs://{self._cloud.bucket}/{staged}"
            job = self._client.load_table_from_uri(
                uri, self._name(table), job_config=config, timeout=60
            )
            job.result(timeout=600)
        finally:
            self._bucket.blob(staged).delete()

    def _name(self, table: str) -> str:
        return f"{self._dataset}.{checked_name(table)}"

    def _translated_table(self, table: str) -> AbstractContextManager[None]:
        return translated(self._cloud, f"table {table!r} does not exist in {self._dataset}.")


def _fields(schema: pa.Schema) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(field.name, _TYPES[field.type]) for field in schema]


def _partitioning(table: str) -> bigquery.TimePartitioning | None:
    column = PARTITIONED_BY.get(table)
    return bigquery.TimePartitioning(field=column) if column else None
