"""Where tables and objects are kept; nothing outside this room knows where that is.

`open_storage` opens the store of this environment, `local` or `cloud`, which keeps the promises of
`interface`. `tables` names the tables and says who writes each. `rules` says what every store asks
of names and columns, `objects` keeps objects in a bucket, `remedies` explains Google's errors.
# >>> sprint >= 3
`appended` lists the tables that grow row by row; `local_appends` and `cloud_appends` keep them.
# <<<
"""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.config import load_cloud, read
from app.errors import StorageUnavailable
from app.storage import tables
from app.storage.interface import Blob, Storage
from app.storage.local import LocalStorage  # >>> sprint < 3
from app.storage.local_appends import AppendingStorage  # >>> sprint >= 3

__all__ = ["Blob", "Storage", "get_json", "open_storage", "tables"]


@cache
def open_storage() -> Storage:
    """Open the store of this environment, once for a process; nothing is read or written yet."""
    cloud = load_cloud()
    if cloud is None:
        return LocalStorage(Path(read("LOCAL_STORE", "local")))  # >>> sprint < 3
        return AppendingStorage(Path(read("LOCAL_STORE", "local")))  # >>> sprint >= 3
    # pylint: disable=import-outside-toplevel # a laptop never needs it
    from app.storage.cloud import CloudStorage  # >>> sprint < 3
    from app.storage.cloud_appends import AppendingCloud  # >>> sprint >= 3

    return CloudStorage(cloud)  # >>> sprint < 3
    return AppendingCloud(cloud)  # >>> sprint >= 3


def get_json(key: str, kind: Any) -> tuple[Any, int]:
    """Read an object as JSON of a type, such as `dict[str, int]`, and its generation.

    Raises
    ------
    NotFound
        There is no such object.
    StorageUnavailable
        It is empty or broken: whoever reads it cannot go on.
    """
    blob = open_storage().get(key)
    try:
        return TypeAdapter(kind).validate_json(blob.data), blob.generation
    except ValidationError as error:
        raise StorageUnavailable(
            f"{key} is broken: {error.errors()[0]['msg']}. Bring back its former content, or "
            "delete it and run again what writes it."
        ) from None
