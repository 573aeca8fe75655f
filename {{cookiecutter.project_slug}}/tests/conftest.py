"""What the tests share: a store of their own, the sample, and a champion trained once."""

import shutil
import socket
from contextlib import suppress
from pathlib import Path

import api_client
import pytest

from app import contract, data, evaluate, gate, registry, schema, train
from app.errors import GateFailed


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Give each test an empty store, whatever the environment says."""
    ours = ("APP_ENV", "DATA_SOURCE", "PORT", "HOST", "API_URL", "STREAMLIT_SERVER_PORT")
    pipeline = ("PIPELINE_IMAGE", "PIPELINE_SERVICE_ACCOUNT", "PIPELINE_ACCELERATOR", "GIT_COMMIT")
    batch = ("CLOUD_RUN_EXECUTION", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT")
    cloud = ("GCP_PROJECT_ID", "GCS_BUCKET", "GCP_REGION", "DEPLOY_SECONDS")
    for name in (*ours, *pipeline, *batch, *cloud):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CHAMPION_POLL_SECONDS", "0")


@pytest.fixture
def sample():
    """Read the sample as texts."""
    source = Path(data.load_settings().source)
    return data.parse_csv(source.read_bytes(), str(source))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Train and promote once, in a store that tests copy.

    They need a champion whatever the gate says; tests/test_gate.py asks whether it passes.
    """
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_STORE", str(folder))
        patch.delenv("APP_ENV", raising=False)  # a team's `.env` may say dev
        data.main()
        train.main()
        with suppress(GateFailed):
            evaluate.main()
            gate.main()
        registry.add_verdict(registry.newest(), [])
        registry.promote()
    return folder


@pytest.fixture
def champion(trained, tmp_path):
    """Put a trained champion in this test's store, and give its version."""
    shutil.copytree(trained, tmp_path / "store")
    return registry.champion().version


@pytest.fixture
def started():
    """Start an API; what it has to store is stored before the test ends."""
    client, app = api_client.start()
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


@pytest.fixture
def free_port(monkeypatch):
    """Let an API of this test listen on a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(probe.getsockname()[1]))


@pytest.fixture
def number():
    """Choose a feature that is a number with limits."""
    return choose(
        lambda c: c.numeric and c.kind != "boolean" and None not in (c.minimum, c.maximum)
    )


@pytest.fixture
def category():
    """Choose a feature that is one of some choices."""
    return choose(lambda column: column.choices)


def choose(fits):
    """Give the first feature that fits; a contract without one cannot be tested so."""
    found = [column for column in contract.features().values() if fits(column)]
    if not found:
        pytest.skip(f"no such feature in {schema.__file__}")
    return found[0]
