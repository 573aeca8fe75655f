"""Triton without its image: a true server runs what `poe triton` made, and is asked with our API.

What runs in a cluster is rendered and judged.
"""

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest
import triton_server
import yaml
from served_api import Served, wait_until_ready
from test_kubernetes import CHECKOV, judge, of_kind

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("triton")]

NETWORK = {
    "Classifier": "MLPClassifier(hidden_layer_sizes=(16,), max_iter=600, random_state=SEED)",
    "Regressor": "MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, random_state=SEED)",
}
"""Networks learn from scaled numbers only: so the pipeline scales before it estimates."""

ROW = r"^(Triton|our API) +(\d+) +([\d.]+) +([\d.]+) +(\S+)$"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return triton_server.install(tmp_path_factory.mktemp("server") / "venv")


def use_network(project):
    """Replace the forests of `model.py` by networks, as a team would."""
    file = project.path / "src/app/training/model.py"
    text = file.read_text(encoding="utf-8")
    for kind, network in NETWORK.items():
        text = re.sub(rf"RandomForest{kind}\([^)]*settings\)", network, text)
    text = re.sub(r"sklearn.ensemble import .*", "sklearn.neural_network import MLPClassifier, "
                  "MLPRegressor", text)  # fmt: skip
    text = text.replace("import OneHotEncoder", "import OneHotEncoder, StandardScaler")
    text = text.replace(
        'prepare), ("estimate"', 'prepare), ("scale", StandardScaler()), ("estimate"'
    )
    assert "Forest(" not in text
    file.write_text(text, encoding="utf-8")


@contextmanager
def running_api(project, ports):
    """Serve the project's API until the block ends."""
    command = ["uv", "--directory", str(project.path), "run", "--quiet", "poe", "api"]
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | ports
    log = project.path / "local/api.log"
    with (
        log.open("wb") as file,
        subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process,
    ):
        try:
            wait_until_ready(Served(process, f"http://127.0.0.1:{ports['PORT']}", log))
            yield
        finally:
            process.terminate()


@pytest.fixture(params=["penguins", "delays"])
def sample(request):
    return request.param


@pytest.fixture(params=["forest", "network"])
def model(request):
    return request.param


@pytest.fixture
def project(bake, sample, model):
    """Generate a project with a champion of a kind."""
    project = bake(triton="yes", sample=sample)
    if model == "network":
        use_network(project)
    for task in ("data", "train", "evaluate"):
        project.poe(task)
    promote_whatever_the_gate_says(project)
    return project


def test_triton_and_our_api_answer_the_same(project, server, free_ports, tmp_path, request):
    assert "config.pbtxt fits its ONNX file" in project.poe("triton")
    repository = project.path / "local/triton/model_repository"
    sample, model = (request.getfixturevalue(name) for name in ("sample", "model"))
    content = (repository / "champion/1/model.onnx").read_bytes()
    assert (b"TreeEnsemble" in content) == (model == "forest")

    with triton_server.serving(server, repository, tmp_path) as url:
        alone = project.poe("triton", f"--ask={url}", **free_ports)
        with running_api(project, free_ports):
            told = project.poe("triton", f"--ask={url}", **free_ports)
        names = triton_server.ask_for_classes(url)
        asked, computed = triton_server.ask_at_once(url)

    assert "not compared with our API: the API does not answer at" in alone
    rows = re.findall(ROW, told, re.MULTILINE)
    assert [row[:2] for row in rows] == [
        (who, size) for who in ("Triton", "our API") for size in ("1", "100")
    ]
    assert all(float(difference) <= 1e-4 for *_, difference in rows)
    assert computed < asked, "requests that waited were not joined"
    refused = "unexpected inference output 'probabilities' for model 'champion'"
    assert names == ({"FEMALE", "MALE"} if sample == "penguins" else refused)
    for who, size, p50, p99, _ in rows:
        print(f"figure: {sample}, {model}, {who}, {size} records: p50 {p50} ms, p99 {p99} ms")


def promote_whatever_the_gate_says(project):
    """Make the newest version champion: a network of two lines need not beat the baseline."""
    code = (
        "from app.registry import versions; from app.training import gate; "
        "versions.add_verdict(versions.newest(), []); gate.promote()"
    )
    done = project.run("python", "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def exported(bake):
    """Generate a project with a repository of the forest."""
    project = bake(triton="yes", until_sprint="3")
    for task in ("data", "train", "evaluate", "gate", "promote", "triton"):
        project.poe(task)
    return project


def render(project):
    """Have kubectl render what is for a cluster."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl, which renders the overlays, is not installed")
    command = ["kubectl", "kustomize", str(project.path / "local/triton")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def test_what_is_for_a_cluster_keeps_the_schemas_and_names_the_version(exported, tmp_path):
    items = render(exported)

    done = judge(items, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {item["metadata"].get("namespace", "triton") for item in items} == {"triton"}
    pod = of_kind(items, "Deployment")["triton"]["spec"]["template"]["spec"]
    champion = json.loads((exported.path / "local/objects/champion.json").read_text("utf-8"))
    assert pod["initContainers"][0]["image"] == f"model-repository:{champion['history'][-1]}"


def test_checkov_finds_nothing_unexplained(exported):
    done = subprocess.run(CHECKOV, cwd=exported.path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "kubernetes scan results" in done.stdout
