"""The store of Google Cloud: tables in BigQuery, objects in Cloud Storage."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from uuid import uuid4

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from app.config import Cloud, read
from app.storage.interface import Rows
from app.storage.objects import Objects
from app.storage.remedies import translated
from app.storage.rules import checked_name, require_storable
from app.storage.tables import PARTITIONED_BY

if TYPE_CHECKING:
    import pyarrow as pa

VARIABLES = ("BQ_DATASET", "BQ_MAX_BYTES")
"""Variables of the environment that a process elsewhere needs too."""

_TYPES = {
    "string": "STRING",
    "int64": "INT64",
    "double": "FLOAT64",
    "bool": "BOOL",
    "date32[day]": "DATE",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
}
"""BigQuery's name of each type that every store keeps."""


class CloudStorage(Objects):
    """Tables in the data set BQ_DATASET, which jobs fill and which are read whole."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        emulated = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None
        self._dataset = f"{cloud.project}.{read('BQ_DATASET', f'ml_{cloud.app_env}')}"
        with translated(cloud, missing=""):
            self._client = bigquery.Client(cloud.project, emulated, location=cloud.region)

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace or append to a table, by one load job."""
        require_storable(rows.schema)
        with self._translated_table(table):
            self._load(table, rows, append)

    def read(self, table: str, *, limit: int | None = None) -> "pa.Table":
        """Read a table, or so many of its rows, which is free of charge."""
        with self._translated_table(table):
            known_table = self._client.get_table(self._name(table), timeout=60)
            rows = self._client.list_rows(known_table, max_results=limit, timeout=60)
            return rows.to_arrow(create_bqstorage_client=False)

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator["pa.RecordBatch"]:
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

    def _load(self, table: str, rows: Rows, append: bool) -> None:
        """Write a Parquet file to the bucket piece by piece, and load it by one job."""
        import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel # who predicts does without

        reader = rows.to_reader() if hasattr(rows, "to_reader") else rows
        staged = f".staged/{checked_name(table)}-{uuid4().hex}.parquet"
        with self._writer(staged) as file, pq.ParquetWriter(file, reader.schema) as parquet:
            for batch in reader:
                parquet.write_batch(batch)
        mode, config = bigquery.WriteDisposition, bigquery.LoadJobConfig()
        config.source_format = bigquery.SourceFormat.PARQUET
        config.schema = fields({field.name: str(field.type) for field in reader.schema})
        config.write_disposition = mode.WRITE_APPEND if append else mode.WRITE_TRUNCATE
        config.time_partitioning = partitioning(table)
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


def fields(types: Mapping[str, str]) -> list[bigquery.SchemaField]:
    """Give columns as BigQuery describes them, from the names of their types in Arrow."""
    return [bigquery.SchemaField(name, _TYPES[kind]) for name, kind in types.items()]


def partitioning(table: str) -> bigquery.TimePartitioning | None:
    """Say how a table is cut into days, if it is."""
    column = PARTITIONED_BY.get(table)
    return bigquery.TimePartitioning(field=column) if column else None
