"""Where tables and objects are kept; nothing above this folder knows where that is."""

from app.config import load_settings
from app.storage import tables
from app.storage.interface import Blob, Storage
from app.storage.local import LocalStorage

__all__ = ["Blob", "Storage", "open_storage", "tables"]


def open_storage() -> Storage:
    """Open the store of this environment; nothing is read or written yet."""
    return LocalStorage(load_settings().local_store)
