"""What tests of the API share: one that runs without a server."""

import pytest
from api.api_client import start_api


@pytest.fixture
def started():
    """Start an API; what it has to store is stored before the test ends."""
    client, app = start_api()
    yield client, app
    app.extensions["serving"].close()


@pytest.fixture
def client(started):
    """Ask an API without a server."""
    return started[0]


@pytest.fixture
def rules(started):
    """Give the routes of an API, which some frameworks make with the first request."""
    started[0].get("/health")
    return list(started[1].url_map.iter_rules())
