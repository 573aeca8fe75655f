"""Triton without its image: the server itself runs what `poe triton` made, and is asked.

The image of NVIDIA has gigabytes and needs an engine. The package nvidia-pytriton holds the same
server with its Python backend alone; so a few lines of Python run the same ONNX file there, under
the same name, inputs, outputs and settings. What is not shown: the ONNX backend inside Triton.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml
from test_kubernetes import CHECKOV, judge, of_kind

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("triton")]

PYTHON = Path("/usr/bin/python3.11")
"""The server runs models by the Python of the system, whose library it links."""

PACKAGES = ["nvidia-pytriton==0.7.0", "onnxruntime==1.32.0", "numpy<2"]
BACKEND = """
import json
import sys

sys.path.insert(0, {packages!r})

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, args):
        self.config = json.loads(args["model_config"])
        folder = args["model_repository"] + "/" + args["model_version"]
        options = onnxruntime.SessionOptions()
        threads = self.config["parameters"]["intra_op_thread_count"]["string_value"]
        options.intra_op_num_threads = int(threads)
        self.session = onnxruntime.InferenceSession(folder + "/model.onnx", options)

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        given = {{}}
        for of in self.config["input"]:
            array = triton.get_input_tensor_by_name(request, of["name"]).as_numpy()
            given[of["name"]] = np.char.decode(array.astype(bytes)).astype(object) if (
                array.dtype == object) else array
        name = self.config["output"][0]["name"]
        answer = self.session.run([name], given)[0]
        return triton.InferenceResponse([triton.Tensor(name, answer)])
"""
NETWORK = {
    "Classifier": "MLPClassifier(hidden_layer_sizes=(16,), max_iter=600, random_state=SEED)",
    "Regressor": "MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, random_state=SEED)",
}
"""Networks learn from scaled numbers only: so the pipeline scales before it estimates."""

ROW = r"^(Triton|our API) +(\d+) +([\d.]+) +([\d.]+) +(\S+)$"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Install the server in an environment of its own."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON}, whose library the server links, is not installed")
    place = tmp_path_factory.mktemp("server") / "venv"
    subprocess.run(["uv", "venv", "--quiet", f"--python={PYTHON}", str(place)], check=True)
    install = ["uv", "pip", "install", "--quiet", f"--python={place}/bin/python", *PACKAGES]
    subprocess.run(install, check=True)
    return place / "lib/python3.11/site-packages"


def find_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(packages, repository, folder):
    """Run the server with a copy of a repository; its Python backend runs the ONNX file."""
    copied = shutil.copytree(repository, folder / "repository")
    config = copied / "champion/config.pbtxt"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('backend: "onnxruntime"', 'backend: "python"'), encoding="utf-8")
    code = BACKEND.format(packages=str(packages))
    (copied / "champion/1/model.py").write_text(code, encoding="utf-8")
    triton, port = packages / "pytriton/tritonserver", find_port()
    backends = folder / "backends"
    shutil.copytree(triton / "backends", backends)
    stub = triton / "python_backend_stubs/3.11/triton_python_backend_stub"
    shutil.copy(stub, backends / "python")
    libraries = [packages / "nvidia_pytriton.libs", triton / "external_libs", triton / "lib"]
    command = [triton / "bin/tritonserver", f"--model-repository={copied}",
               f"--backend-directory={backends}", "--http-address=127.0.0.1",
               f"--http-port={port}", "--allow-grpc=false", "--allow-metrics=false"]  # fmt: skip
    environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(list(map(str, command)), env=environment, stdout=file,
                                   stderr=subprocess.STDOUT)  # fmt: skip
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(url, process, log):
    """Ask for what the manifest's probe asks for, until it is so."""
    for _ in range(600):
        try:
            if requests.get(f"{url}/v2/health/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        assert process.poll() is None, log.read_text(encoding="utf-8")[-6000:]
        time.sleep(0.1)
    pytest.fail(log.read_text(encoding="utf-8")[-6000:])


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
    command = [
        "uv",
        "--directory",
        str(project.path),
        "run",
        "--quiet",
        "python",
        "-m",
        "app",
        "api",
    ]
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | ports
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                try:
                    requests.get(f"http://127.0.0.1:{ports['PORT']}/health", timeout=5)
                    break
                except requests.RequestException:
                    time.sleep(0.1)
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

    with serving(server, project.path / "local/triton/model_repository", tmp_path) as url:
        alone = project.poe("triton", f"--ask={url}", **free_ports)
        with running_api(project, free_ports):
            told = project.poe("triton", f"--ask={url}", **free_ports)
        names = ask_for_classes(url)
        asked, computed = ask_at_once(url)

    assert "not compared with our API: the API does not answer at" in alone
    rows = re.findall(ROW, told, re.MULTILINE)
    assert [row[:2] for row in rows] == [
        (who, size) for who in ("Triton", "our API") for size in ("1", "100")
    ]
    assert all(float(difference) <= 1e-4 for *_, difference in rows)
    sample, model = (request.getfixturevalue(name) for name in ("sample", "model"))
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


def ask_for_classes(url):
    """Ask for the names of the classes; give what the server says if there are none."""
    answer = ask(url, [{"name": "probabilities", "parameters": {"classification": 9}}])
    return answer.get("error") or {text.split(":")[-1] for text in answer["outputs"][0]["data"]}


def ask(url, outputs=()):
    """Ask about one record as any client of the protocol may, with JSON alone."""
    inputs = requests.get(f"{url}/v2/models/champion", timeout=5).json()["inputs"]
    given = []
    for of in inputs:
        width = of["shape"][1]
        data = ["x" if of["datatype"] == "BYTES" else 1.0] * width
        given.append({**of, "shape": [1, width], "data": data})
    sent = {"inputs": given, "outputs": list(outputs)}
    return requests.post(f"{url}/v2/models/champion/infer", json=sent, timeout=5).json()


def ask_at_once(url):
    """Ask from many clients; give how often it was asked, and how often the model computed."""
    before = counts(url)
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(ask, [url] * 400))
    assert not [answer for answer in answers if "error" in answer]
    return [after - earlier for after, earlier in zip(counts(url), before, strict=True)]


def counts(url):
    """Read from the server how many records it answered, and in how many computations."""
    (stats,) = requests.get(f"{url}/v2/models/champion/stats", timeout=5).json()["model_stats"]
    return stats["inference_count"], stats["execution_count"]


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
