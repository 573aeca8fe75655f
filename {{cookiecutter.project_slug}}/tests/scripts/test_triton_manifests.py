"""What runs Triton, on a laptop and in a cluster, is one release and may do what it needs."""

from pathlib import Path

import pytest
import triton_config
import triton_repository
import yaml

pytestmark = [pytest.mark.service, pytest.mark.unit]

FOLDER = Path("triton-server")
OBJECTS = [
    item
    for file in sorted((FOLDER / "kubernetes").glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for item in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
COMPOSED = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]
PORTS = {"http": 8000, "grpc": 8001, "metrics": 8002}


def of_kind(kind):
    (item,) = (item for item in OBJECTS if item["kind"] == kind)
    return item


@pytest.fixture
def pod():
    return of_kind("Deployment")["spec"]["template"]["spec"]


def test_a_laptop_and_a_cluster_run_the_same_release(pod):
    image = COMPOSED["triton"]["image"]

    assert pod["containers"][0]["image"] == image
    assert image.partition(":")[2][:3].replace(".", "").isdigit(), "a release, never latest"


def test_a_laptop_shows_triton_to_itself_and_lends_it_the_models_to_read():
    service = COMPOSED["triton"]
    source, target, mode = service["volumes"][0].split(":")

    assert service["ports"] == [f"127.0.0.1:{port}:{port}" for port in PORTS.values()]
    place = (triton_repository.PLACE / "model_repository").resolve()
    assert (FOLDER / source).resolve() == place
    assert f"--model-repository={target}" in service["command"]
    assert (mode, service["read_only"], service["user"]) == ("ro", True, "1000")


def test_a_pod_may_do_what_it_needs_and_no_more(pod):
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
    for container in pod["initContainers"] + pod["containers"]:
        rights = container["securityContext"]
        assert rights["readOnlyRootFilesystem"]
        assert not rights["allowPrivilegeEscalation"]
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"limits", "requests"}


def test_names_ports_and_probes_fit_each_other(pod):
    deployment, service, policy = map(of_kind, ("Deployment", "Service", "NetworkPolicy"))
    container = pod["containers"][0]

    assert {port["name"]: port["containerPort"] for port in container["ports"]} == PORTS
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == PORTS
    allowed = policy["spec"]["ingress"][0]["ports"]
    assert [port["port"] for port in allowed] == list(PORTS.values())
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness")}
    assert set(map(str, asked.values())) == {str({"path": "/v2/health/ready", "port": "http"})}


def test_the_pod_has_time_to_end(pod):
    container = pod["containers"][0]
    (own,) = (int(word.partition("=")[2]) for word in container["args"] if "timeout" in word)

    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert waits + own <= pod["terminationGracePeriodSeconds"]


def test_the_models_come_from_the_image_that_the_script_names(pod):
    (first,) = pod["initContainers"]
    build = (FOLDER / "Dockerfile").read_text(encoding="utf-8")

    assert first["image"] == "model-repository:unreleased"
    assert '"-r", "/model_repository/.", "/models"' in build
    assert [mount["mountPath"] for mount in first["volumeMounts"]] == ["/models"]
    assert "--model-repository=/models" in pod["containers"][0]["args"]


def test_what_the_team_decides_is_beside_them():
    assert triton_config.DECIDED.parent == FOLDER
