"""What every store can do with tables and objects."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa


class Blob(NamedTuple):
    """An object's content, and the generation, which changes with each write."""

    data: bytes
    generation: int


Rows: TypeAlias = "pa.Table | pa.RecordBatchReader"
"""Rows to be written, whole or piece by piece."""

Equals = Mapping[str, Any] | None
"""Values by column that a row must have."""


class Storage(Protocol):
    """Tables of typed columns, and objects of bytes under a key such as `models/v1/model.onnx`."""

    def write(self, table: str, rows: Rows, *, append: bool = False) -> None:
        """Replace a table, or append to it (made if absent): all rows or none."""

    def read(self, table: str, *, limit: int | None = None) -> "pa.Table":
        """Read a table, or so many of its rows."""

    def stream(self, table: str, batch_rows: int = 50_000) -> Iterator["pa.RecordBatch"]:
        """Read a table piece by piece, in bounded memory."""

    def drop(self, table: str) -> None:
        """Delete a table; one that is absent stays so."""

    # >>> sprint >= 3
    def find(
        self, table: str, *, equals: Equals = None, newest_by: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Read a few rows, perhaps only those with these values, perhaps the newest first.

        Unless the store keeps files of Arrow, this needs none, and neither does who predicts.
        """

    appends_at_once: bool
    """Whether `append` takes so little time that an answer can wait for it."""

    def append(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows to a table of `appended.COLUMNS`, all or none: they are stored on return."""

    # <<<
    # >>> sprint >= 4
    def gather(self, table: str) -> None:
        """Bring what was appended into the form that is read fastest; nothing is lost or twice."""

    # <<<
    def put(self, key: str, data: bytes, *, generation: int | None = None) -> int:
        """Write an object and return its new generation.

        With a `generation`, write only if the object still has it (0: does not exist yet).
        """

    def get(self, key: str) -> Blob:
        """Read an object."""

    def keys(self, prefix: str = "") -> list[str]:
        """List the keys that start with a prefix, in alphabetical order."""

    def remove(self, key: str) -> None:
        """Delete an object; one that is absent stays so."""
