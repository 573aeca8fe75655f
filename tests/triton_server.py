"""A true Triton server on this machine, and clients that know nothing of `tritonclient`.

The image of NVIDIA has gigabytes and needs an engine. The package nvidia-pytriton holds the same
server with its Python backend alone; so a few lines of Python run the same ONNX file there, under
the same name, inputs, outputs and settings. What is not shown: the ONNX backend inside Triton.
"""

import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

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


def install(place):
    """Install the server in an environment of its own; give the folder of its packages."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON}, whose library the server links, is not installed")
    subprocess.run(["uv", "venv", "--quiet", f"--python={PYTHON}", str(place)], check=True)
    command = ["uv", "pip", "install", "--quiet", f"--python={place}/bin/python", *PACKAGES]
    subprocess.run(command, check=True)
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
    last = None
    for _ in range(600):
        try:
            last = requests.get(f"{url}/v2/health/ready", timeout=5)
            if last.ok:
                return
        except requests.RequestException as error:
            last = error
        assert process.poll() is None, log.read_text(encoding="utf-8")[-6000:]
        time.sleep(0.1)
    pytest.fail(f"{last}\n{log.read_text(encoding='utf-8')[-6000:]}")


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
