"""Where tables and objects are kept; nothing above this folder knows where that is."""

from functools import cache

from app.config import Cloud, load_settings
from app.storage import tables
from app.storage.interface import Blob, Storage
from app.storage.local import LocalStorage

__all__ = ["Blob", "Storage", "open_storage", "tables"]


def open_storage() -> Storage:
    """Open the store of this environment; nothing is read or written yet."""
    settings = load_settings()
    return _cloud(settings.cloud) if settings.cloud else LocalStorage(settings.local_store)


@cache
def _cloud(cloud: Cloud) -> Storage:
    """Make the clients once per process; a laptop never imports them."""
    from app.storage.cloud import CloudStorage  # pylint: disable=import-outside-toplevel

    return CloudStorage(cloud)
