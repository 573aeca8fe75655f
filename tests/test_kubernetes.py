"""Kubernetes without a cluster: what `k8s-up` applies is rendered, judged, and its pods really run.

kubectl renders the overlays. Schemas and checkov judge what comes out. podman runs the pods as they
are written, on this machine's network; it knows no Services, probes, autoscaler or policies.
"""

import copy
import os
import re
import shutil
import subprocess
import time

import containers
import pytest
import requests
import yaml
from conftest import find_ports, find_python
from test_containers import OPEN_PAGES

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("containers")]

SCHEMAS = ["uvx", "--quiet", "--from", "kubernetes-validate==1.37.0", "kubernetes-validate"]
CHECKOV = ["uvx", "--quiet", "checkov@3.3.30", "-d", ".", "--config-file", ".checkov.yaml"]
NOT_OF_KUBERNETES = {"Gateway", "HTTPRoute", "HealthCheckPolicy"}
"""Kinds that Google adds; their schemas are in no package."""

DEPLOYMENTS = {"3": ["api"], "4": ["api"], "everything": ["api", "dashboard"]}


def render(folder):
    """Have kubectl render what was made for a cluster."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl, which renders the overlays, is not installed")
    command = ["kubectl", "kustomize", str(folder / "local/kubernetes")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def of_kind(items, kind):
    return {item["metadata"]["name"]: item for item in items if item["kind"] == kind}


def judge(items, folder):
    """Have the schemas judge objects; give what they say."""
    file = folder / "rendered.yaml"
    known = [item for item in items if item["kind"] not in NOT_OF_KUBERNETES]
    file.write_text(yaml.safe_dump_all(known), encoding="utf-8")
    return subprocess.run(
        [*SCHEMAS, "--strict", str(file)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def rendered(bake):
    """Give what would be applied on a laptop and for an environment, at a stage."""

    def at(stage, *words):
        project = bake(kubernetes="yes", until_sprint=stage)
        project.poe("k8s-up", *words, "--dry-run")
        return render(project.path)

    return at


@pytest.mark.parametrize("stage", DEPLOYMENTS)
@pytest.mark.parametrize("words", [[], ["prd"]], ids=["laptop", "prd"])
def test_what_is_applied_keeps_the_schemas(rendered, tmp_path, stage, words):
    items = rendered(stage, *words)

    done = judge(items, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(of_kind(items, "Deployment")) == DEPLOYMENTS[stage]
    assert bool(of_kind(items, "CronJob")) == (stage != "3")
    names = {item["metadata"].get("namespace", item["metadata"]["name"]) for item in items}
    assert names == {"app-prd" if words else "app"}
    assert "unreleased" not in str(items), "an image was not named"
    assert ":latest" not in str(items)


def test_a_fault_is_found(rendered, tmp_path):
    items = rendered("3")
    pod = of_kind(items, "Deployment")["api"]["spec"]["template"]["spec"]
    pod["containers"][0]["readinessProb"] = pod["containers"][0].pop("readinessProbe")

    done = judge(items, tmp_path)

    assert done.returncode == 1
    assert "readinessProb" in done.stdout + done.stderr


def test_on_a_laptop_one_pod_has_the_disk_and_nothing_scales(rendered):
    items = rendered("everything")

    api = of_kind(items, "Deployment")["api"]
    assert api["spec"]["replicas"] == 1
    assert not of_kind(items, "HorizontalPodAutoscaler") | of_kind(items, "PodDisruptionBudget")
    (claim,) = of_kind(items, "PersistentVolumeClaim")
    volumes = api["spec"]["template"]["spec"]["volumes"]
    assert {"name": "store", "persistentVolumeClaim": {"claimName": claim}} in volumes


def test_in_the_cloud_each_pod_has_an_identity_and_no_disk(rendered):
    items = rendered("everything", "dev")

    accounts = of_kind(items, "ServiceAccount")
    given = {name: item["metadata"]["annotations"] for name, item in accounts.items()}
    assert {name: list(value.values())[0].split("@")[0] for name, value in given.items()} == {
        "api": "api-dev", "batch": "pipeline-dev", "dashboard": "dashboard-dev",
    }  # fmt: skip
    assert not of_kind(items, "PersistentVolumeClaim")
    assert "/app/local" not in str(items)
    assert "replicas" not in of_kind(items, "Deployment")["api"]["spec"]
    images = re.findall(r"'image': '([^']+)'", str(items))
    assert len(images) == 3
    assert all("@sha256:" in image for image in images)


@pytest.mark.parametrize("there", [False, True], ids=["none", "a cluster"])
@pytest.mark.parametrize("stage", ["3", "everything"])
def test_checkov_finds_nothing_unexplained(bake, stage, there):
    project = bake(kubernetes="yes", until_sprint=stage).path
    file = project / "terraform/variables_kubernetes.tf"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("= false", f"= {str(there).lower()}"), encoding="utf-8")

    done = subprocess.run(CHECKOV, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "kubernetes scan results" in done.stdout


def test_checkov_sees_a_pod_that_may_too_much(bake):
    project = bake(kubernetes="yes", until_sprint="3").path
    file = project / "kubernetes/base/api.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("readOnlyRootFilesystem: true", ""), encoding="utf-8")

    done = subprocess.run(CHECKOV, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "CKV_K8S_22" in done.stdout


@pytest.fixture(scope="module")
def engine():
    """Find podman, which runs pods as they are written."""
    if not shutil.which("podman"):
        pytest.skip("podman is not installed")
    try:
        found = containers.find_engine("3.11", find_python("3.11"))
    except containers.Missing as missing:
        pytest.skip(str(missing))
    return found._replace(command="podman")


@pytest.fixture(scope="module")
def applied(bake, engine, tmp_path_factory):
    """Run `k8s-up` with podman as docker, and without a cluster behind kind and kubectl."""
    project, programs = bake(kubernetes="yes"), tmp_path_factory.mktemp("programs")
    containers.write_script(engine, programs / "docker")
    for name in ("kind", "kubectl"):
        (programs / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    printed = project.poe("k8s-up", PATH=path, **engine.environment)
    assert "It runs." in printed
    yield project, render(project.path)
    for tag in re.findall(r"^\$ docker tag (\S+) (\S+)$", printed, re.MULTILINE):
        engine.do("rmi", "--force", *(f"localhost/{name}" for name in tag))


class Pods:
    """Pods of a cluster, run by podman on this machine's network."""

    def __init__(self, engine, items, folder):
        self.engine, self.folder = engine, folder
        self.shared = [
            {key: item[key] for key in ("apiVersion", "kind", "metadata", "data") if key in item}
            for item in of_kind(items, "ConfigMap").values()
        ]
        self.files = []

    def start(self, name, pod, **variables):
        """Start a pod as it is written, but for its probes, which podman asks by a curl inside."""
        pod = copy.deepcopy(pod)
        pod["metadata"]["name"] = name
        (container,) = pod["spec"]["containers"]
        for key in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "ports"):
            container.pop(key, None)
        container["image"] = f"localhost/{container['image']}"
        given = [{"name": key, "value": str(value)} for key, value in variables.items()]
        changed = [e for e in container.get("env", []) if e["name"] not in variables]
        container["env"] = changed + given
        file = self.folder / f"{name}.yaml"
        items = [*self.shared, {"apiVersion": "v1", "kind": "Pod", **pod}]
        file.write_text(yaml.safe_dump_all(items), encoding="utf-8")
        self.files.append(file)
        self.engine.do("play", "kube", "--network", "host", str(file))
        return f"{name}-{container['name']}"

    def end(self):
        for file in self.files:
            self.engine.do("play", "kube", "--down", str(file), check=False)
        self.engine.do("volume", "rm", "--force", "store", check=False)


@pytest.fixture
def pods(engine, applied, tmp_path):
    """Give a disk like that of the cluster, and what starts pods on it."""
    started = Pods(engine, applied[1], tmp_path)
    engine.do("volume", "create", "store")
    yield started
    started.end()


def answer(url, good=True):
    """Ask until there is an answer, which must be a good one if `good`."""
    for _ in range(600):
        try:
            given = requests.get(url, timeout=5)
        except requests.RequestException:
            given = None
        if given is not None and (given.ok or not good):
            return given
        time.sleep(0.1)
    return pytest.fail(f"{url} does not answer")


def pod_of(items, kind, name):
    spec = of_kind(items, kind)[name]["spec"]
    return (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]


def test_the_pods_run_as_they_are_written(engine, applied, pods, free_ports):
    """The API before and after the first champion, a second pod, the dashboard, the batch."""
    project, items = applied
    port, page = free_ports.values()
    url = f"http://127.0.0.1:{port}"
    api = pods.start("api", pod_of(items, "Deployment", "api"), PORT=port)
    probe = of_kind(items, "Deployment")["api"]["spec"]["template"]["spec"]["containers"][0]
    path = probe["readinessProbe"]["httpGet"]["path"]
    assert answer(f"{url}{path}").ok, "before the first champion a pod gets requests"
    assert answer(f"{url}/ready", good=False).status_code == 503
    assert "Read-only file system" in engine.do("exec", api, "touch", "/app/x", check=False).stderr
    status = engine.do("exec", api, "cat", "/proc/1/status").stdout
    assert re.search(r"CapEff:\s+0+$", status, re.MULTILINE)
    assert re.search(r"Seccomp:\s+2$", status, re.MULTILINE)

    pipeline = pod_of(items, "CronJob", "batch")["spec"]["containers"][0]["image"]
    options = ["-v", f"{project.path / 'data'}:/app/data:ro", "-v", "store:/app/local"]
    command = ["python", "-m", "app", "all-but", "deploy"]
    engine.ask(f"localhost/{pipeline}", *command, options=[*options, "--user", "1000"])
    assert answer(f"{url}/ready").ok

    other = find_ports()["PORT"]
    pods.start("second", pod_of(items, "Deployment", "api"), PORT=other)
    answer(f"http://127.0.0.1:{other}/ready")
    show = (
        "import json; from app.contract import columns as c; print(json.dumps(c.example_record()))"
    )
    record = engine.do("exec", api, "python", "-c", show).stdout
    head = {"Content-Type": "application/json"}
    asked = requests.post(f"http://127.0.0.1:{other}/predict", record, headers=head, timeout=30)
    key = asked.json()["predictions"][0]["id"]
    assert key in answer(f"{url}/past_predictions").text, "two pods of one node share its disk"

    pods.start("dashboard", pod_of(items, "Deployment", "dashboard"), PORT=page, API_URL=url)
    assert answer(f"http://127.0.0.1:{page}/_stcore/health").ok
    pages = engine.do("exec", "dashboard-dashboard", "python", "-c", OPEN_PAGES).stdout.splitlines()
    assert len(pages) == 7
    assert all(line.endswith(" 0 []") for line in pages), pages

    code, seconds, log = engine.stop(api)
    assert code == 0, log
    assert seconds < 10


def test_each_pod_of_the_batch_scores_its_share(engine, applied, pods):
    project, items = applied
    pod = pod_of(items, "CronJob", "batch")
    image = f"localhost/{pod['spec']['containers'][0]['image']}"
    options = ["-v", f"{project.path / 'data'}:/app/data:ro", "-v", "store:/app/local"]
    for stage in ("data", "train", "evaluate", "gate", "promote"):
        engine.ask(image, "python", "-m", "app", stage, options=[*options, "--user", "1000"])

    for index in range(2):
        numbered = copy.deepcopy(pod)
        numbered["metadata"]["annotations"] = {
            "batch.kubernetes.io/job-completion-index": str(index)
        }
        numbered["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] = "0a1b-2c3d"
        name = pods.start(f"batch-{index}", numbered)
        assert engine.do("wait", name).stdout.strip() == "0", engine.do("logs", name).stderr

    count = (
        "from app.storage import open_storage as o; t = o().read('batch_predictions_0a1b_2c3d'); "
        "print(sorted(set(t['share'].to_pylist())), t.num_rows, o().read('examples').num_rows)"
    )
    printed = engine.ask(image, "python", "-c", count, options=[*options, "--user", "1000"])
    shares, scored, there = re.match(r"(\[.*\]) (\d+) (\d+)", printed.strip()).groups()
    assert shares == "[0, 1]"
    assert scored == there


def test_a_pod_that_does_not_say_where_it_stores_is_refused(engine, applied, pods):
    _, items = applied
    pod = copy.deepcopy(pod_of(items, "Deployment", "api"))
    del pod["spec"]["containers"][0]["envFrom"]

    name = pods.start("careless", pod, KUBERNETES_SERVICE_HOST="10.96.0.1")

    assert engine.do("wait", name).stdout.strip() == "1"
    told = engine.do("logs", name)
    assert "APP_ENV is not set, but KUBERNETES_SERVICE_HOST says" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr
