"""A model repository fits its ONNX file and answers as we do; a server is judged by its answers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests
import triton_asking
import triton_config
import triton_repository
import yaml
from tritonclient.utils import InferenceServerException

from app.api import client
from app.contract import columns, model_inputs, parsing
from app.errors import AppError, ConfigError, ModelRefused
from app.registry import reference, versions

pytestmark = [pytest.mark.service, pytest.mark.integration]

URL = "http://127.0.0.1:8000"


@pytest.fixture
def folder(champion, monkeypatch, tmp_path):
    """Make a repository of the champion, in a folder of this test."""
    monkeypatch.setattr(triton_repository, "PLACE", tmp_path / "triton")
    return triton_repository.make(champion)


@pytest.fixture
def served(champion, folder):
    """Give the description, the examples, and the predictor that answers them."""
    frame, predictor = reference.read(champion), versions.load(champion)
    return SimpleNamespace(
        config=triton_config.check(folder), frame=frame, predictor=predictor, folder=folder
    )


def edit(folder, old, new):
    file = folder / "config.pbtxt"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_command_makes_checks_and_proves(champion, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(triton_repository, "PLACE", tmp_path / "triton")
    monkeypatch.setattr("sys.argv", ["triton_repository.py"])

    triton_repository.main()

    told = capsys.readouterr().out
    assert f"is model {champion}, config.pbtxt fits its ONNX file" in told
    assert "largest difference from our own answers" in told
    content = yaml.safe_load((tmp_path / "triton/kustomization.yaml").read_text("utf-8"))
    assert content["images"] == [{"name": "model-repository", "newTag": champion}]
    assert Path("local/triton", content["resources"][0], "kustomization.yaml").resolve().exists()


def test_every_feature_is_an_input_and_the_scores_are_the_output(served):
    described = {of.name: list(of.dims) for of in served.config.input}
    features = columns.features().values()
    numbers = [column.name for column in features if column.numeric]
    expected = {column.name: [1] for column in features if not column.numeric}
    expected |= {model_inputs.NUMBERS: [len(numbers)]} if numbers else {}
    classes = versions.record_of(served.predictor.version).classes
    labels = (served.folder / "labels.txt").read_text(encoding="utf-8").splitlines()

    assert described == expected
    assert [list(of.dims) for of in served.config.output] == [[len(classes or [0])]]
    assert labels == [str(value) for value in classes or []]


def test_what_the_team_decides_stays(served):
    config = served.config

    assert config.max_batch_size > 1
    assert config.HasField("dynamic_batching")
    assert [group.kind == group.KIND_CPU for group in config.instance_group] == [True]
    assert config.parameters["intra_op_thread_count"].string_value == "1"
    assert config.parameters["version"].string_value == served.predictor.version


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("max_batch_size", "max_batchsize", r'cannot read .* no field named "max_batchsize"'),
        ("data_type: TYPE_", "data_type: TIPE_", r"cannot read .* TIPE_"),
        ('input { name: "', 'input { name: "x', r'an input, name: "x.*not in model.onnx'),
        ('input { name: "', 'input { name: "x', r"has an input, name.*not in config.pbtxt"),
        ("TYPE_FP32", "TYPE_FP64", r"TYPE_FP64 .*not in model.onnx"),
        ("dims: [", "dims: [9, ", r"dims: \[9, \d+\]: not in model.onnx"),
        ('output { name: "', 'output { name: "x', r"an output, .*not in model.onnx"),
        ('name: "champion"', 'name: "other"', "name is 'other', its folder 'champion'"),
        ('"onnxruntime"', '"onnx"', "backend is 'onnx': 'onnxruntime' runs ONNX"),
        ("max_batch_size: 1024", "", "max_batch_size is 0: at least 1"),
    ],
)
def test_a_description_that_differs_is_refused_with_a_sentence(folder, old, new, sentence):
    edit(folder, old, new)

    with pytest.raises(ConfigError, match=sentence):
        triton_config.check(folder)


def test_an_input_that_is_described_twice_is_refused(folder):
    file = folder / "config.pbtxt"
    text = file.read_text(encoding="utf-8")
    again = next(line for line in text.splitlines() if line.startswith("input"))
    file.write_text(f"{text}{again}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="config.pbtxt describes an input"):
        triton_config.check(folder)


def test_the_names_of_the_classes_are_as_many_as_the_scores(folder):
    if "label_filename" not in (folder / "config.pbtxt").read_text(encoding="utf-8"):
        edit(folder, "output {", 'output { label_filename: "labels.txt"')
    (folder / "labels.txt").write_text("one\n" * 99, encoding="utf-8")

    with pytest.raises(ConfigError, match="labels.txt names 99 classes"):
        triton_config.check(folder)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("float", [1, 28]), ("float", [None]), ("float", []), ("complex64", [None, 28])],
)
def test_a_model_that_triton_cannot_serve_is_refused(kind, shape):
    tensor = SimpleNamespace(name="pixels", type=f"tensor({kind})", shape=shape)

    with pytest.raises(ModelRefused, match=r"pixels is tensor\(.*\) \[.*\]: Triton takes"):
        triton_config.describe(tensor)


def test_a_dimension_of_any_length_is_minus_one():
    tensor = SimpleNamespace(name="pixels", type="tensor(float)", shape=["records", "width", 3])

    assert triton_config.describe(tensor).endswith("data_type: TYPE_FP32 dims: [-1, 3]")


def test_the_repository_answers_as_we_do(served):
    inputs, wanted = model_inputs.to_inputs(served.frame), served.predictor.scores(served.frame)

    answers = triton_repository.run(served.folder, served.config, inputs)

    assert triton_asking.compare("it", answers, served.predictor, wanted) <= 1e-6


@pytest.mark.parametrize("wrong", [0.01, np.nan])
def test_other_answers_are_refused(served, wrong):
    wanted = served.predictor.scores(served.frame)

    with pytest.raises(ModelRefused, match="Triton answers otherwise than model"):
        triton_asking.compare("Triton", wanted + wrong * wanted.max(), served.predictor, wanted)


class Server:
    """Answers as Triton does, with the ONNX file of a repository; `shift` makes it err."""

    def __init__(self, served, version=None, shift=0.0):
        self.served, self.shift = served, shift
        self.version = version or served.predictor.version

    def __call__(self, address, ssl):
        assert f"http{'s' if ssl else ''}://{address}" == URL
        return self

    def get_model_config(self, name):
        assert name == "champion"
        return {"parameters": {"version": {"string_value": self.version}}}

    def infer(self, _, given):
        arrays = {of.name(): decode(of) for of in given}
        answer = triton_repository.run(self.served.folder, self.served.config, arrays)
        return SimpleNamespace(as_numpy=lambda name: answer + self.shift)


def decode(given):
    """Read what is sent, as the protocol has it: numbers as bytes, texts with their lengths."""
    data, shape = given._get_binary_data(), given.shape()  # pylint: disable=protected-access
    if given.datatype() == "FP32":
        return np.frombuffer(data, np.float32).reshape(shape)
    texts = []
    while data:
        length = int.from_bytes(data[:4], "little")
        texts.append(data[4 : 4 + length].decode())
        data = data[4 + length :]
    return np.array(texts, dtype=object).reshape(shape)


@pytest.fixture
def ask(monkeypatch, served):
    """Ask a server that is none, for so many requests that a test is quick."""
    monkeypatch.setattr(triton_asking, "REQUESTS", 5)

    def report(server):
        monkeypatch.setattr(triton_asking.http, "InferenceServerClient", server)
        asked = served.config, served.frame, served.predictor
        return list(triton_asking.report(URL, *asked))

    return report


def test_a_server_is_asked_alone_where_no_api_answers(ask, served, free_port):
    refused, _, *rows = ask(Server(served))

    told = f"not compared with our API: the API does not answer at http://127.0.0.1:{free_port}"
    assert refused.startswith(told)
    assert [row.split()[:2] for row in rows] == [["Triton", "1"], ["Triton", "100"]]


def test_the_same_records_are_asked_of_our_api(ask, served, monkeypatch):
    def post(_, url, json):
        assert url.endswith("/predict?keep=false")
        records = parsing.parse_records(json)
        answers = [answer._asdict() for answer in served.predictor.predict(records)]
        return SimpleNamespace(raise_for_status=lambda: None, json=lambda: {"predictions": answers})

    monkeypatch.setattr(client, "ask", lambda _: {"model_version": served.predictor.version})
    monkeypatch.setattr(requests.Session, "post", post)

    _, *rows = ask(Server(served))

    assert [row.split()[0] for row in rows] == ["Triton", "Triton", "our", "our"]
    assert all(float(row.split()[-1]) <= 1e-6 for row in rows)


def test_a_server_that_errs_is_refused(ask, served):
    with pytest.raises(ModelRefused, match="Triton answers otherwise"):
        ask(Server(served, shift=1e6))


def test_a_server_with_another_version_is_refused(ask, served):
    with pytest.raises(AppError, match=f"{URL} serves model older, the champion is"):
        ask(Server(served, version="older"))


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("refused"), InferenceServerException("unknown model")]
)
def test_where_no_server_answers_the_way_to_start_one_is_told(ask, served, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(Server, "get_model_config", fail)

    with pytest.raises(AppError, match="does not answer as a Triton server that serves 'champion'"):
        ask(Server(served))


@pytest.mark.parametrize("words", [["--ask="], ["--ask=localhost:8000"], ["ask"], ["--ask", URL]])
def test_an_address_that_is_none_is_told(words):
    with pytest.raises(ConfigError, match=r"give nothing, or --ask=http://127.0.0.1:8000"):
        triton_repository.read_url(words)
