"""After a release: requests go back to the former revision, or are divided."""

import json

import pytest
import release
import traffic

from app.errors import AppError, ConfigError

pytestmark = [pytest.mark.service, pytest.mark.unit]

FORMER = {"revisionName": "before", "tag": "former"}
NEWEST = {"revisionName": "after", "percent": 100, "latestRevision": True}


@pytest.fixture
def google(monkeypatch, recorder):
    """Make a cloud in which services have these targets."""
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("GCP_REGION", "europe-west1")

    def made(*targets):
        status = json.dumps({"status": {"url": "https://x", "traffic": targets}})
        return release.Cloud(recorder({"services describe": status}), "dev")

    return made


@pytest.mark.parametrize(
    ("percent", "shares"),
    [(0, "before=100"), (30, "before=70,LATEST=30"), (100, "LATEST=100")],
)
def test_requests_are_divided_between_newest_and_former(google, percent, shares):
    cloud = google(NEWEST, FORMER)

    traffic.split(cloud, percent)

    shifted = [line.split(" ")[4:6] for line in cloud.shell.commands if "update-traffic" in line]
    assert shifted == [[f"{name}-dev", f"--to-revisions={shares}"] for name in release.SERVICES]


def test_without_a_finished_release_nothing_is_shifted(google):
    cloud = google(NEWEST)

    with pytest.raises(AppError, match="api-dev has no revision with the tag `former`"):
        traffic.split(cloud, 50)

    assert not [line for line in cloud.shell.commands if "update-traffic" in line]


@pytest.mark.parametrize("words", [[], ["dev"], ["dev", "101"], ["dev", "-1"], ["local", "5"]])
def test_what_cannot_be_meant_is_told(monkeypatch, words):
    monkeypatch.setattr("sys.argv", ["traffic.py", *words])

    with pytest.raises(ConfigError, match="give one of dev, tst, acc, prd, and how many percent"):
        traffic.main()
