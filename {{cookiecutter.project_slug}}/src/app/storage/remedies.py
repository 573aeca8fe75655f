"""What Google Cloud's clients raise, as one sentence with the remedy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPIError, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException

from app.config import Cloud
from app.errors import AppError, Conflict, NotFound, StorageUnavailable

# Of the first pattern that is found in the error's text, the sentence is told.
_REMEDIES = [
    (
        r"[Dd]efault credentials|[Rr]eauthentication|invalid_grant|invalid_rapt",
        "Google Cloud does not know who you are: run `gcloud auth application-default login`.",
    ),
    (
        r"CONSUMER_INVALID|denied on resource project",
        "GCP_PROJECT_ID={project!r} is not a project that you can use: give the id, not the name "
        "(`gcloud projects list`), and have its owner add you.",
    ),
    (
        r"[Qq]uota project|USER_PROJECT_DENIED|serviceusage\.services\.use",
        "your login counts its use on another project: run "
        "`gcloud auth application-default set-quota-project {project}`.",
    ),
    (
        r"has not been used in project|SERVICE_DISABLED|API is not enabled",
        "an API of project {project} is not enabled: run `gcloud services enable {api} "
        "--project={project}`, wait a minute, and try again.",
    ),
    (
        r"not found in location|Cannot read and write in different locations",
        "data and job are in different places: everything must be in GCP_REGION={region!r}; "
        "a data set or bucket cannot be moved, so make it again there, or set GCP_REGION.",
    ),
    (
        r"bucket does not exist|404 POST \S+/upload/storage",
        "bucket {bucket!r} does not exist: run `gcloud storage buckets create gs://{bucket} "
        "--project={project} --location={region} --uniform-bucket-level-access`, "
        "or set GCS_BUCKET.",
    ),
    (
        r"Not found: Dataset|[Dd]ata ?set .*(not found|does not exist)|[Dd]atabase .*not exist",
        "what holds the tables does not exist in project {project} yet: "
        "docs/CLOUD_SETUP.md has the command that makes it.",
    ),
    (
        r"[Pp]ermission|does not have .* access|Access Denied|Forbidden",
        "you are known, but may not do this in project {project}: `uv run poe doctor` says who "
        "you are; docs/CLOUD_SETUP.md lists the roles that the project's owner must give.",
    ),
    (
        r"quotaExceeded|rateLimitExceeded|RESOURCE_EXHAUSTED|Quota exceeded",
        "a quota of Google Cloud is used up: write many rows at once, not one by one, and wait.",
    ),
]


@contextmanager
def translated(cloud: Cloud, missing: str) -> Iterator[None]:
    """Raise an `AppError` for what the clients raise; `missing` says what a plain 404 means."""
    try:
        yield
    except PreconditionFailed as error:
        raise Conflict(f"{missing.split()[0]} was changed by somebody else: try again.") from error
    except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
        raise explain(error, cloud, missing) from error


def explain(error: Exception, cloud: Cloud, missing: str = "") -> AppError:
    """Turn an error of a Google client into one of ours."""
    text = " ".join(str(error).split())
    api = re.search(r"[a-z]+\.googleapis\.com(?=/overview)|(?<=service=)\S+", text)
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, text):
            sentence = remedy.format(
                **cloud._asdict(), api=api[0] if api else "NAME.googleapis.com"
            )
            return StorageUnavailable(f"{sentence} (Google Cloud says: {text[:300]})")
    if missing and getattr(error, "code", None) == 404:
        return NotFound(missing)
    return StorageUnavailable(f"Google Cloud does not answer as expected: {text[:300]}")
