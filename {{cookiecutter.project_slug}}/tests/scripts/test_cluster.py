"""The system on Kubernetes: which commands, in which order, and what is added to an overlay."""

import json

import cluster
import pytest

from app.errors import ConfigError

pytestmark = [pytest.mark.service, pytest.mark.unit]

BUILT = {"image inspect": '[{"Id": "sha256:0123456789abcdef"}]'}
PROGRAMS = sorted(cluster.ACCOUNTS.values())


@pytest.fixture(autouse=True)
def project(monkeypatch, tmp_path):
    """Stand in a folder with a store and without kind or minikube."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("GCP_REGION", "europe-west1")
    monkeypatch.setattr(cluster.shutil, "which", lambda name: None)
    (tmp_path / "local/objects").mkdir(parents=True)
    return tmp_path


def added(project):
    return json.loads((project / "local/kubernetes/kustomization.yaml").read_text("utf-8"))


def test_what_is_built_is_loaded_and_applied_under_a_tag_of_its_own(recorder, project):
    shell = recorder(BUILT)

    cluster.up(shell)

    loaded = [line.split()[-1] for line in shell.commands if "kind load" in line]
    assert loaded == [f"{name}:0123456789ab" for name in PROGRAMS]
    assert added(project) == {
        "resources": ["../../kubernetes/overlays/kind"],
        "images": [{"name": name, "newTag": "0123456789ab"} for name in PROGRAMS],
    }
    steps = ("docker build", "create cluster", "kind load", "apply", "rollout status", " cp ")
    first = [min(n for n, line in enumerate(shell.commands) if step in line) for step in steps]
    assert first == sorted(first)


def test_a_cluster_that_is_there_keeps_its_champion(recorder):
    shell = recorder(BUILT | {"get clusters": "app", "exec": "local/objects/champion.json"})

    cluster.up(shell)

    assert not [line for line in shell.commands if "create cluster" in line or " cp " in line]


@pytest.mark.parametrize(
    ("installed", "program"), [(["kind", "minikube"], "kind"), (["minikube"], "minikube")]
)
def test_only_the_cluster_of_this_project_is_touched(monkeypatch, recorder, installed, program):
    monkeypatch.setattr(cluster.shutil, "which", lambda name: name if name in installed else None)
    shell = recorder(BUILT)

    cluster.up(shell)

    made = [line for line in shell.commands if line.startswith(f"{program} ")]
    assert all("=app" in line or "get clusters" in line for line in made)
    asked = [line for line in shell.commands if line.startswith("kubectl")]
    assert all(f"--context={cluster.PROGRAMS[program].context} " in line for line in asked)


def test_in_the_cloud_runs_what_was_released_as_the_account_of_each_program(recorder, project):
    shell = recorder({"images describe": "sha256:0123"})

    cluster.up_there(shell, "prd")

    content = added(project)
    images = "europe-west1-docker.pkg.dev/example-project-123/images"
    assert content["images"] == [
        {"name": name, "newName": f"{images}/{name}", "digest": "sha256:0123"} for name in PROGRAMS
    ]
    assert content["namespace"] == "app-prd"
    assert "APP_ENV=prd" in content["configMapGenerator"][0]["literals"]
    for patch in content["patches"]:
        account = cluster.ACCOUNTS[patch["target"]["name"]]
        assert f"{account}-prd@example-project-123.iam.gserviceaccount.com" in patch["patch"]
    assert not [line for line in shell.commands if "docker build" in line]


def test_the_load_balancer_goes_before_its_namespace(recorder):
    shell = recorder({})

    cluster.down_there(shell, "dev")

    deleted = [line.split(" delete ")[1] for line in shell.commands if " delete " in line]
    assert [line.split()[0] for line in deleted] == ["gateway", "namespace"]
    assert all("--context=gke_example-project-123_europe-west1_app-dev " in c
               for c in shell.commands if c.startswith("kubectl"))  # fmt: skip


@pytest.mark.parametrize("words", [[], ["up", "local"], ["down", "everything"], ["apply"]])
def test_what_cannot_be_meant_is_told(monkeypatch, words):
    monkeypatch.setattr("sys.argv", ["cluster.py", *words])

    with pytest.raises(ConfigError, match=r"give `up` or `down`, .* or with one of dev, tst"):
        cluster.main()
