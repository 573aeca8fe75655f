"""What the tests share: a store of their own, the sample, and a champion trained once."""

import shutil
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread

import api_client
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from werkzeug.serving import make_server

from app import contract, data, drift_page, evaluate, gate, registry, schema, train
from app.errors import GateFailed

PAGES = Path("src/app/dashboard/views").resolve()


KINDS = ("unit", "integration", "system", "acceptance")


def pytest_collection_modifyitems(items):
    """Each test is of one kind, so that a kind can be run by its mark; by default of the first."""
    for item in items:
        kinds = [kind for kind in KINDS if item.get_closest_marker(kind)]
        if not kinds:
            item.add_marker(KINDS[0])
        elif len(kinds) > 1:
            raise pytest.UsageError(f"{item.nodeid} is {' and '.join(kinds)}: choose one.")


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
def pages(tmp_path, monkeypatch):
    """Keep what the monitor writes out of docs/."""
    monkeypatch.setattr(drift_page, "PAGE", tmp_path / "DRIFT.md")
    return tmp_path


@pytest.fixture
def open_page():
    """Run a page of the dashboard without a browser; none may end in an exception."""

    def run(name):
        page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60).run()
        assert not page.exception
        return page

    st.cache_data.clear()
    return run


@pytest.fixture
def api(champion, monkeypatch):
    """Serve the API on a free port, and tell its clients where."""
    client, app = api_client.start()
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield client
    server.shutdown()
    app.extensions["serving"].close()


@pytest.fixture
def free_port(monkeypatch):
    """Let an API of this test listen on a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(probe.getsockname()[1]))


@pytest.fixture
def number():
    """Choose a feature that is a number with limits."""
    return choose(lambda c: c.quantity and None not in (c.minimum, c.maximum))


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
