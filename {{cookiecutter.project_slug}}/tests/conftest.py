"""What all tests share: a store of their own, the sample, and a champion trained once."""

import shutil
import socket  # >>> sprint >= 3
from contextlib import suppress
from pathlib import Path

import pytest
from sklearn import tree

from app import schema
from app.contract import columns
from app.data import ingest, reading
from app.errors import GateFailed
from app.registry import versions
from app.storage import open_storage
from app.training import evaluate, gate, train
from app.training.model import with_preprocessing

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
    for name in (
        *("APP_ENV", "DATA_SOURCE", "GCP_PROJECT_ID", "GCS_BUCKET", "GCP_REGION", "GIT_COMMIT"),
        "KUBERNETES_SERVICE_HOST",  # the tests themselves may run in a pod
        *("PORT", "HOST", "API_URL", "API_ACCOUNTS", "IDENTITY_TOKEN"),  # >>> sprint >= 3
        *("PIPELINE_IMAGE", "PIPELINE_SERVICE_ACCOUNT", "PIPELINE_ACCELERATOR"),  # >>> sprint >= 4
        *("CLOUD_RUN_EXECUTION", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),  # >>> sprint >= 4
        "DEPLOY_SECONDS",  # >>> sprint >= 4
        *("STREAMLIT_SERVER_PORT", "PUBLIC"),  # >>> sprint >= 5
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CHAMPION_POLL_SECONDS", "0")  # >>> sprint >= 3
    open_storage.cache_clear()
    yield
    open_storage.cache_clear()


@pytest.fixture
def sample():
    """Read the sample as texts."""
    source = Path(ingest.default_source())
    return reading.parse_csv(source.read_bytes(), str(source))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Train and promote once, in a store that tests copy.

    They need a champion whatever the gate says; tests/training/test_gate.py asks whether it passes.
    """
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_STORE", str(folder))
        patch.setenv("APP_ENV", "local")  # a team's `.env` may say dev
        open_storage.cache_clear()
        ingest.main()
        train.main()
        with suppress(GateFailed):
            evaluate.main()
            gate.main()
        versions.add_verdict(versions.newest(), [])
        gate.promote()
    open_storage.cache_clear()
    return folder


@pytest.fixture
def champion(trained, tmp_path):
    """Put a trained champion in this test's store, and give its version."""
    shutil.copytree(trained, tmp_path / "store")
    return versions.champion().version


@pytest.fixture
def twin(champion):
    """Register the champion's file once more, as a version that passed the gate."""
    version = versions.register(versions.model_of(champion), versions.record_of(champion))
    passed = {"against": champion, "reasons": []}
    versions.add_evaluation(version, versions.evaluation_of(champion).model_copy(update=passed))
    return version


@pytest.fixture
def small_tree(monkeypatch):
    """Have `train` build a tree with known hyper-parameters, whatever `build_model` is today.

    With a `gain` that no question reaches, it says the same of every record.
    """

    def build(*, depth: int | None = 2, gain: float = 0.0):
        kind = tree.DecisionTreeClassifier
        if columns.task() == "regression":
            kind = tree.DecisionTreeRegressor
        return with_preprocessing(kind(max_depth=depth, min_impurity_decrease=gain, random_state=1))

    monkeypatch.setattr(train, "build_model", build)


# >>> sprint >= 3
@pytest.fixture
def free_port(monkeypatch):
    """Let an API of this test listen on a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    monkeypatch.setenv("PORT", port)
    return port


# <<<
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
    fitting = [column for column in columns.features().values() if fits(column)]
    if not fitting:
        pytest.skip(f"no such feature in {schema.__file__}")
    return fitting[0]
