"""The API and its peers: how each is started, and how it wants to be asked."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

PEERS = Path(__file__).parent / "peers"
SCIKIT_LEARN = "scikit-learn==1.9.*"
OWN_PACKAGES = ".venv-api"
"""The environment that holds what the API needs, and no more, as its image does."""

THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
WAITRESS = ["-m", "waitress", "--threads=4", "--listen=127.0.0.1:PORT"]
SAVE = (
    "import joblib, mlflow; mlflow.sklearn.save_model(joblib.load('model.joblib'), 'mlflow', "
    "serialization_format='cloudpickle', pip_requirements=[])"
)

Rows = dict[str, Any]


class Server(NamedTuple):
    """How to start a server, and how to ask it; `PORT` in the command is replaced."""

    name: str
    command: list[str]
    path: str
    body: Callable[[Rows, int], Any]
    peer: bool


def servers(project: Path) -> list[Server]:
    """List the servers. Those outside the project get packages of their own."""
    python, own = (str(project / name / "bin/python") for name in (".venv", OWN_PACKAGES))
    to_mlflow = ["mlflow", "models", "serve", "-m", "mlflow", "--env-manager", "local"]
    mlflow = [*_mlflow(), *to_mlflow, "--port", "PORT", "--workers", "1"]
    # MLServer does not install on Python 3.13
    mlserver = _isolated("mlserver", "mlserver-sklearn", SCIKIT_LEARN, "pandas", python="3.12")
    bento = [*_isolated("bentoml==1.4.*", SCIKIT_LEARN, "pandas"), "bentoml", "serve"]
    at = ["--host", "127.0.0.1", "--port", "PORT"]
    v2_path = "/v2/models/model/infer"
    return [
        Server("this API", [own, "-m", "app", "api"], "/predict", _ours, peer=False),
        Server("constant Flask", [own, "-m", "constant", "PORT"], "/predict", _ours, peer=False),
        Server("naive Flask", [python, *WAITRESS, "naive:app"], "/predict", _rows, peer=False),
        Server("mlflow", mlflow, "/invocations", _for_mlflow, peer=True),
        Server("MLServer", [*mlserver, "mlserver", "start", "mlserver"], v2_path, _v2, peer=True),
        Server("BentoML", [*bento, "bento:Model", *at], "/predict", _for_bento, peer=True),
    ]


def give_model(folder: Path) -> None:
    """Give each peer the model of `model.joblib` in the format that it needs."""
    shutil.rmtree(folder / "mlflow", ignore_errors=True)
    subprocess.run([*_mlflow(), "python", "-c", SAVE], cwd=folder, check=True, capture_output=True)
    model = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel"}
    model |= {"parameters": {"uri": str(folder / "model.joblib")}}
    (folder / "mlserver").mkdir(exist_ok=True)
    (folder / "mlserver/model-settings.json").write_text(json.dumps(model), encoding="utf-8")


def give_ports(folder: Path, http: int, grpc: int, metrics: int) -> None:
    """Write MLServer's settings: its ports, and the model in its main process, the fastest way."""
    settings = {"http_port": http, "grpc_port": grpc, "metrics_port": metrics}
    settings |= {"host": "127.0.0.1", "parallel_workers": 0, "debug": False}
    (folder / "mlserver").mkdir(exist_ok=True)
    (folder / "mlserver/settings.json").write_text(json.dumps(settings), encoding="utf-8")


def _mlflow() -> list[str]:
    return _isolated("mlflow==3.17.*", SCIKIT_LEARN)


def _isolated(*packages: str, python: str = THIS_PYTHON) -> list[str]:
    """Start a command that runs in an environment of its own, outside of any project."""
    options = ["-q", "--no-project", "--compile-bytecode", "--python", python]
    return ["uv", "run", *options, *(word for name in packages for word in ("--with", name))]


def _ours(rows: Rows, count: int) -> Any:
    return rows["records"][0] if count == 1 else rows["records"][:count]


def _rows(rows: Rows, count: int) -> list[dict[str, Any]]:
    """Give the rows as scikit-learn wants them."""
    columns = rows["columns"]
    return [{name: values[n] for name, values in columns.items()} for n in range(count)]


def _for_mlflow(rows: Rows, count: int) -> dict[str, Any]:
    return {"dataframe_records": _rows(rows, count)}


def _for_bento(rows: Rows, count: int) -> dict[str, Any]:
    return {"records": _rows(rows, count)}


def _v2(rows: Rows, count: int) -> dict[str, Any]:
    """Give the body of the V2 inference protocol, column by column."""
    inputs = []
    for name, values in rows["columns"].items():
        text = isinstance(values[0], str)
        column = {"name": name, "shape": [count, 1], "data": values[:count]}
        column |= {"datatype": "BYTES" if text else "FP64"}
        inputs.append(column | ({"parameters": {"content_type": "str"}} if text else {}))
    outputs = [{"name": "predict_proba"}]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": outputs}
