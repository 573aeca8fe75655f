"""Where tables and objects are kept; nothing outside this room knows where that is.

`open_storage` opens the store of this environment, `local` or `cloud`, which keeps the promises of
`interface`. `tables` names the tables and says who writes each. `rules` says what every store asks
of names and columns, `objects` keeps objects in a bucket, `remedies` explains Google's errors.
"""

from functools import cache
from pathlib import Path

from app.config import load_cloud, read
from app.storage import tables
from app.storage.interface import Blob, Storage
from app.storage.local import LocalStorage

__all__ = ["Blob", "Storage", "open_storage", "tables"]


@cache
def open_storage() -> Storage:
    """Open the store of this environment, once for a process; nothing is read or written yet."""
    cloud = load_cloud()
    if cloud is None:
        return LocalStorage(Path(read("LOCAL_STORE", "local")))
    from app.storage.cloud import CloudStorage  # pylint: disable=import-outside-toplevel # a laptop never needs it

    return CloudStorage(cloud)
