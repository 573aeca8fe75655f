"""What Google Cloud's clients raise, as one sentence; `poe doctor` knows the remedies."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPIError, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException

from app.config import Cloud
from app.errors import Conflict, NotFound, StorageUnavailable

_MORE_THAN_ABSENT = re.compile(
    r"bucket does not exist|/upload/storage|not found in location|CONSUMER_INVALID"
    r"|Not found: Dataset|[Dd]ata ?set .*(not found|does not exist)|[Dd]atabase .*not exist"
)
"""A 404 with these words does not merely say that a table or an object is absent."""


@contextmanager
def translated(cloud: Cloud, missing: str) -> Iterator[None]:
    """Raise an `AppError` for what the clients raise; `missing` says what a plain 404 means."""
    try:
        yield
    except PreconditionFailed as error:
        raise Conflict(f"{missing.split()[0]} was changed by somebody else: try again.") from error
    except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
        text = " ".join(str(error).split())
        if missing and getattr(error, "code", None) == 404 and not _MORE_THAN_ABSENT.search(text):
            raise NotFound(missing) from error
        quoted = re.sub(r"[\"'`$\\!%]", "", text)[:300]  # so that every shell takes it
        raise StorageUnavailable(
            f"Google Cloud refuses, in project {cloud.project}, region {cloud.region}, bucket "
            f'{cloud.bucket}. What to do: uv run poe doctor "{quoted}"'
        ) from error
