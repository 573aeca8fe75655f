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
    DefaultCredentialsError("Your default credentials were not found. To set up Application"),
    RefreshError("Reauthentication is needed. Please run `gcloud auth application-default login`"),
    exceptions.Forbidden("Permission denied on resource project My First Project."),
    exceptions.NotFound("Not found: Dataset example-project-123:ml_dev was not found in location"),
    exceptions.NotFound("The specified bucket does not exist."),
    exceptions.NotFound("Not found: Dataset example-project-123:ml_dev"),
    exceptions.NotFound("The database ml-dev does not exist for project example-project-123"),
    exceptions.Forbidden("Permission 'storage.objects.create' denied on resource."),
    exceptions.InternalServerError("backend error 500"),
]


@pytest.mark.parametrize("error", SAID, ids=map(str, SAID))
def test_an_error_names_the_command_that_explains_it(error):
    with pytest.raises(StorageUnavailable) as refused, translated(CLOUD, "table 'x' is not there."):
        raise error

    sentence = refused.value.problems[0]
    assert "project example-project-123, region europe-west1, bucket example-bucket" in sentence
    question = sentence.partition('uv run poe doctor "')[2].removesuffix('"')
    assert str(error).replace("'", "").replace("`", "") == question


def test_a_question_to_the_doctor_is_one_word_for_every_shell():
    with pytest.raises(StorageUnavailable) as refused, translated(CLOUD, ""):
        raise exceptions.Forbidden('a "quoted" $HOME `command` %PATH% \\ !')

    assert refused.value.problems[0].endswith('poe doctor "403 a quoted HOME command PATH  "')


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
