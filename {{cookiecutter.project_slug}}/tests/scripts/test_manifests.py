"""What stands in kubernetes/ fits together, and no pod may do more than it needs."""

from pathlib import Path

import cluster
import pytest
import yaml

from app.api import serving, spec

pytestmark = [pytest.mark.service, pytest.mark.unit]

OBJECTS = [
    item
    for file in sorted(Path("kubernetes").rglob("*.yaml"))
    if file.name != "kustomization.yaml"
    for item in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
SERVER_SECONDS = 2
"""So long the server answers after SIGTERM; then the journal stores."""


def of_kind(*kinds):
    return [item for item in OBJECTS if item["kind"] in kinds]


def pod_of(item):
    """Give the template of the pods that an object makes."""
    inner = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
    return inner["template"]


PODS = [pytest.param(pod_of(item), id=item["metadata"]["name"])
        for item in of_kind("Deployment", "CronJob")]  # fmt: skip
LABELS = [pod.values[0]["metadata"]["labels"] for pod in PODS]


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_may_do_what_it_needs_and_no_more(pod):
    whole = pod["spec"]
    assert whole["securityContext"]["runAsNonRoot"]
    assert whole["securityContext"]["runAsUser"] == 1000
    assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert whole["automountServiceAccountToken"] is whole["enableServiceLinks"] is False
    for container in whole["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("pod", PODS)
def test_each_pod_has_an_account_and_an_image_that_the_script_names(pod):
    account = pod["spec"]["serviceAccountName"]
    assert account in [item["metadata"]["name"] for item in of_kind("ServiceAccount")]
    for container in pod["spec"]["containers"]:
        assert container["image"] == f"{cluster.ACCOUNTS[account]}:unreleased"
        assert container["envFrom"] == [{"configMapRef": {"name": "variables"}}]


def test_what_is_selected_is_there():
    chosen = [item["spec"]["selector"] for item in of_kind("Service")]
    for item in of_kind("Deployment", "PodDisruptionBudget"):
        chosen.append(item["spec"]["selector"]["matchLabels"])
    for policy in of_kind("NetworkPolicy"):
        rules = policy["spec"].get("ingress", []) + policy["spec"].get("egress", [])
        peers = [peer for rule in rules for peer in rule.get("from", []) + rule.get("to", [])]
        pods = [policy["spec"]["podSelector"], *(peer.get("podSelector", {}) for peer in peers)]
        chosen += [selector["matchLabels"] for selector in pods if selector]

    assert [labels for labels in chosen if labels not in LABELS] == []


def test_the_autoscaler_decides_alone_how_many_pods_there_are():
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]

    (scaled,) = (i for i in of_kind(target["kind"]) if i["metadata"]["name"] == target["name"])
    assert "replicas" not in scaled["spec"]
    assert pod_of(scaled)["spec"]["containers"][0]["resources"]["requests"]["cpu"]


def test_a_service_leads_to_a_port_of_its_pods():
    for service in of_kind("Service"):
        (port,) = service["spec"]["ports"]
        (pod,) = (p.values[0]["spec"] for p, labels in zip(PODS, LABELS, strict=True)
                  if labels == service["spec"]["selector"])  # fmt: skip
        listening = pod["containers"][0]["ports"]
        assert listening == [{"name": port["targetPort"], "containerPort": port["port"]}]


def test_who_asks_the_api_knows_its_address():
    ports = {i["metadata"]["name"]: i["spec"]["ports"][0]["port"] for i in of_kind("Service")}
    (gateway,), (route,), (check,) = map(of_kind, ("Gateway", "HTTPRoute", "HealthCheckPolicy"))
    containers = [pod.values[0]["spec"]["containers"][0] for pod in PODS]
    given = [variable for container in containers for variable in container.get("env", [])]

    assert route["spec"]["rules"] == [{"backendRefs": [{"name": "api", "port": ports["api"]}]}]
    assert route["spec"]["parentRefs"] == [{"name": gateway["metadata"]["name"]}]
    assert check["spec"]["targetRef"] == {"group": "", "kind": "Service", "name": "api"}
    addresses = {variable["value"] for variable in given if variable["name"] == "API_URL"}
    assert addresses <= {f"http://api:{ports['api']}"}


def test_probes_ask_what_answers_also_before_the_first_champion():
    (api,) = (item for item in of_kind("Deployment") if item["metadata"]["name"] == "api")
    (container,) = pod_of(api)["spec"]["containers"]
    probes = {name: container[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
    policy = of_kind("HealthCheckPolicy")[0]["spec"]["default"]["config"]["httpHealthCheck"]

    paths = {probe["httpGet"]["path"] for probe in probes.values()} | {policy["requestPath"]}
    assert paths == {"/health"}
    assert "/health" in spec.load()["paths"]
    patience = {n: p["periodSeconds"] * p.get("failureThreshold", 3) for n, p in probes.items()}
    assert patience["readiness"] < patience["liveness"], "first no requests, then a new start"


def test_the_api_has_the_time_to_end_well():
    (api,) = (item for item in of_kind("Deployment") if item["metadata"]["name"] == "api")
    pod = pod_of(api)["spec"]
    waits = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    needed = waits + SERVER_SECONDS + serving.END_SECONDS
    assert needed < pod["terminationGracePeriodSeconds"]


# >>> sprint >= 4
def test_the_batch_has_as_many_pods_as_shares():
    (batch,) = of_kind("CronJob")
    job = batch["spec"]["jobTemplate"]["spec"]
    variables = {v["name"]: v for v in job["template"]["spec"]["containers"][0]["env"]}

    assert job["completionMode"] == "Indexed"
    assert str(job["completions"]) == variables["CLOUD_RUN_TASK_COUNT"]["value"]
    index = variables["CLOUD_RUN_TASK_INDEX"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert "job-completion-index" in index
    assert batch["spec"]["suspend"], "nothing starts by itself"


# <<<
def test_nobody_talks_to_anybody_unless_a_policy_says_so():
    policies = [policy["spec"] for policy in of_kind("NetworkPolicy")]

    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
