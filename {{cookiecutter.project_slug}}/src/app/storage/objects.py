"""Objects in a bucket of Cloud Storage, and what else the stores of Google Cloud share."""

from contextlib import AbstractContextManager, suppress
from typing import Any

from google.api_core.exceptions import NotFound as Absent
from google.cloud.storage import Client

from app.config import Cloud
from app.storage.interface import Blob
from app.storage.remedies import translated
from app.storage.rules import checked_key

_PIECE_BYTES = 8 * 2**20


class Objects:
    """Raw files, models and version records; keys that start with a dot are the store's own."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        with translated(cloud, missing=""):
            self._bucket = Client(project=cloud.project).bucket(cloud.bucket)

    def put(self, key: str, data: bytes, *, generation: int | None = None) -> int:
        """Write an object; Cloud Storage itself compares the generation, so one writer wins."""
        blob = self._bucket.blob(checked_key(key))
        with self._translated(key):
            blob.upload_from_string(
                data, "application/octet-stream", if_generation_match=generation, timeout=60
            )
        return int(blob.generation)

    def get(self, key: str) -> Blob:
        """Read an object."""
        blob = self._bucket.blob(checked_key(key))
        with self._translated(key):
            data = blob.download_as_bytes(timeout=60)
        return Blob(data, int(blob.generation))

    def keys(self, prefix: str = "") -> list[str]:
        """List the keys that start with a prefix, in alphabetical order."""
        with self._translated(prefix):
            keys = [blob.name for blob in self._bucket.list_blobs(prefix=prefix, timeout=60)]
        return sorted(key for key in keys if not key.startswith("."))

    def remove(self, key: str) -> None:
        """Delete an object; one that is absent stays so."""
        with self._translated(key), suppress(Absent):
            self._bucket.blob(checked_key(key)).delete(timeout=60)

    # >>> sprint >= 3
    appends_at_once = False

    # <<<
    # >>> sprint >= 4
    def gather(self, table: str) -> None:
        """Do nothing: the rows are where they are read from."""

    # <<<
    def _writer(self, key: str) -> Any:
        """Open an object to be written piece by piece; it appears when all is written."""
        return self._bucket.blob(key).open("wb", chunk_size=_PIECE_BYTES)

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translated(self._cloud, f"{key} does not exist in gs://{self._cloud.bucket}.")
