"""What Google Cloud says, word for word, and the sentence that a person reads instead."""

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from app.config import Cloud
from app.errors import Conflict, NotFound, StorageUnavailable
from app.storage.remedies import translated

pytestmark = pytest.mark.unit


CLOUD = Cloud("dev", "example-project-123", "europe-west1", "example-bucket")

SAID = [
    (
        DefaultCredentialsError("Your default credentials were not found. To set up Application"),
        "gcloud auth application-default login",
    ),
    (
        RefreshError("Reauthentication is needed. Please run `gcloud auth application-default"),
        "gcloud auth application-default login",
    ),
    (
        exceptions.Forbidden("Permission denied on resource project My First Project."),
        "give the id, not the name",
    ),
    (
        exceptions.Forbidden(
            "Your application is authenticating by using local Application Default Credentials. "
            "The storage.googleapis.com API requires a quota project, which is not set by default."
        ),
        "set-quota-project example-project-123",
    ),
    (
        exceptions.Forbidden(
            "Cloud Storage API has not been used in project 123456789012 before or it is disabled. "
            "Enable it by visiting https://console.developers.google.com/apis/api/"
            "storage.googleapis.com/overview?project=123456789012 then retry."
        ),
        "gcloud services enable storage.googleapis.com --project=example-project-123",
    ),
    (
        exceptions.NotFound(
            "Not found: Dataset example-project-123:ml_dev was not found in location US"
        ),
        "GCP_REGION='europe-west1'",
    ),
    (
        exceptions.NotFound("The specified bucket does not exist."),
        "gcloud storage buckets create gs://example-bucket",
    ),
    (
        exceptions.NotFound("Not found: Dataset example-project-123:ml_dev"),
        "does not exist in project example-project-123 yet",
    ),
    (
        exceptions.Forbidden(
            "ada@example.com does not have storage.objects.create access to the Google Cloud "
            "Storage object. Permission 'storage.objects.create' denied on resource "
            "(or it may not exist)."
        ),
        "you are known, but may not do this",
    ),
    (
        exceptions.Forbidden("Quota exceeded: Your table exceeded quota for imports per table"),
        "a quota of Google Cloud is used up",
    ),
    (exceptions.InternalServerError("backend error 500"), "does not answer as expected"),
]


@pytest.mark.parametrize(("error", "remedy"), SAID, ids=[remedy for _, remedy in SAID])
def test_an_error_becomes_a_sentence_with_the_remedy(error, remedy):
    with pytest.raises(StorageUnavailable) as told, translated(CLOUD, "table 'x' is not there."):
        raise error

    assert remedy in told.value.problems[0]
    assert str(error)[:40] in told.value.problems[0]


def test_what_is_merely_absent_is_not_found():
    with (
        pytest.raises(NotFound, match="table 'x' is not there"),
        translated(CLOUD, "table 'x' is not there."),
    ):
        raise exceptions.NotFound("404 GET: Not found: Table example-project-123:ml_dev.x")


def test_a_lost_race_is_a_conflict():
    with (
        pytest.raises(Conflict, match="champion.json was changed by somebody else"),
        translated(CLOUD, "champion.json does not exist."),
    ):
        raise exceptions.PreconditionFailed("conditionNotMet")
