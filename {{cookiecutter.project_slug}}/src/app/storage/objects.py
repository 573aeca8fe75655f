"""Objects in a bucket of Cloud Storage."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import BinaryIO

from google.api_core.exceptions import NotFound as Absent
from google.cloud.storage import Client

from app.config import Cloud
from app.storage.interface import Blob
from app.storage.remedies import translated
from app.storage.rules import checked_key

_PIECE_BYTES = 8 * 2**20


class Objects:
    """Raw files, models and reports; the store's own files have keys that start with a dot."""

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
            found = [blob.name for blob in self._bucket.list_blobs(prefix=prefix, timeout=60)]
        return sorted(name for name in found if not name.startswith("."))

    def remove(self, key: str) -> None:
        """Delete an object; one that is absent stays so."""
        with self._translated(key), suppress(Absent):
            self._bucket.blob(checked_key(key)).delete(timeout=60)

    @contextmanager
    def _writer(self, key: str) -> Iterator[BinaryIO]:
        """Write an object piece by piece; it appears when all is written, or not at all."""
        with self._bucket.blob(key).open("wb", chunk_size=_PIECE_BYTES) as file:
            yield file

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translated(self._cloud, f"{key} does not exist in gs://{self._cloud.bucket}.")
