"""Measure the API beside its peers, in one run: `uv run poe serving`.

One server at a time, one process each, the same model and rows, eight connections kept open.
CPU is that of the server's processes alone: the wall time of a shared machine says less.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
PEERS = TEMPLATE / "scripts/peers"
CONNECTIONS = 8
SCIKIT_LEARN = "scikit-learn==1.9.*"
MODELS = {"the sample's own model": 3, "a forest of 100 full trees": 1}
GUNICORN = ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]

Rows = dict[str, Any]


class Server(NamedTuple):
    """How to start a server, and how to ask it."""

    name: str
    command: list[str]
    path: str
    body: Callable[[Rows, int], Any]
    peer: bool = True


class Measured(NamedTuple):
    """Requests a second, milliseconds: the middle, the slowest of 100, and of CPU per request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def main() -> None:
    """Print the table of each model, then the ratios, then memory over many requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", default="", help="servers whose name contains this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name))
        for title, leaf in MODELS.items():
            print(f"\n{title}\n" + HEAD, flush=True)
            _uv(project, "python", str(PEERS / "export.py"), name, str(leaf))
            found = {}
            for server in servers(project, Path(name)):
                if options.only in server.name:
                    found[server.name] = measure(server, Path(name), project, options.seconds)
            if not options.only:
                print_ratios(found)
        soak(project, Path(name))


HEAD = (
    f"{'':14}  start s   MiB | {'1 record: per s':>15} {'p50 ms':>7} {'p99 ms':>7} {'CPU ms':>7} | "
    + (f"{'100: per s':>11} {'p50 ms':>7} {'p99 ms':>7} {'CPU ms':>7}")
)


def make_project(folder: Path) -> Path:
    """Generate a project and install it, compiled, as an image would be."""
    project = Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=folder))
    subprocess.run(["uv", "sync", "-q", "--compile-bytecode"], cwd=project, check=True)
    _uv(project, "python", "-m", "app", "data")
    return project


def servers(project: Path, folder: Path) -> list[Server]:
    """List the API and its peers; those that are no part of the project get their own packages."""
    python = str(project / ".venv/bin/python")
    (folder / "mlserver").mkdir(exist_ok=True)
    write_mlserver(folder)
    mlflow = isolated("mlflow==3.17.*", SCIKIT_LEARN)
    mlserver = isolated("mlserver", "mlserver-sklearn", SCIKIT_LEARN, "pandas", python="3.12")
    bento = isolated("bentoml==1.4.*", SCIKIT_LEARN, "pandas")
    save = (
        "import joblib, mlflow; mlflow.sklearn.save_model(joblib.load('model.joblib'), 'mlflow', "
        "serialization_format='cloudpickle', pip_requirements=[])"
    )
    subprocess.run(["rm", "-rf", str(folder / "mlflow")], check=True)
    subprocess.run([*mlflow, "python", "-c", save], cwd=folder, check=True, capture_output=True)
    serve_mlflow = ["mlflow", "models", "serve", "-m", "mlflow", "--env-manager", "local"]
    return [
        Server("this API", [python, "-m", "app", "api"], "/predict", records_or_one, peer=False),
        Server(
            "constant Flask",
            [python, *GUNICORN, "--bind=127.0.0.1:PORT", "constant:app"],
            "/predict",
            records_or_one,
            peer=False,
        ),
        Server(
            "naive Flask",
            [python, *GUNICORN, "--bind=127.0.0.1:PORT", "naive:app"],
            "/predict",
            lambda rows, n: x_records(rows, n),
            peer=False,
        ),
        Server(
            "mlflow",
            [*mlflow, *serve_mlflow, "--port", "PORT", "--workers", "1"],
            "/invocations",
            lambda rows, n: {"dataframe_records": x_records(rows, n)},
        ),
        Server(
            "MLServer", [*mlserver, "mlserver", "start", "mlserver"], "/v2/models/model/infer", v2
        ),
        Server(
            "BentoML",
            [*bento, "bentoml", "serve", "bento:Model", "--host", "127.0.0.1", "--port", "PORT"],
            "/predict",
            lambda rows, n: {"records": x_records(rows, n)},
        ),
    ]


def isolated(
    *packages: str, python: str = f"{sys.version_info[0]}.{sys.version_info[1]}"
) -> list[str]:
    """Start a command that runs in an environment of its own, outside of any project."""
    return ["uv", "run", "-q", "--no-project", "--compile-bytecode", "--python", python] + [
        word for package in packages for word in ("--with", package)
    ]


def write_mlserver(folder: Path) -> None:
    """Write the settings of MLServer: the model in its main process, as the fastest is."""
    model = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel"}
    model |= {"parameters": {"uri": str(folder / "model.joblib")}}
    (folder / "mlserver/model-settings.json").write_text(json.dumps(model), encoding="utf-8")


def records_or_one(rows: Rows, count: int) -> Any:
    """Give the body of this API."""
    return rows["records"][0] if count == 1 else rows["records"][:count]


def x_records(rows: Rows, count: int) -> list[dict[str, Any]]:
    """Give the rows as scikit-learn wants them."""
    columns = rows["columns"]
    return [{name: values[n] for name, values in columns.items()} for n in range(count)]


def v2(rows: Rows, count: int) -> dict[str, Any]:
    """Give the body of the V2 inference protocol, column by column."""
    inputs = []
    for name, values in rows["columns"].items():
        text = isinstance(values[0], str)
        column = {"name": name, "shape": [count, 1], "data": values[:count]}
        column |= {"datatype": "BYTES" if text else "FP64"}
        inputs.append(column | ({"parameters": {"content_type": "str"}} if text else {}))
    outputs = [{"name": "predict_proba"}]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": outputs}


@contextmanager
def running(
    server: Server, folder: Path, project: Path, body: bytes
) -> Iterator[tuple[psutil.Process, int, float]]:
    """Start a server; give its process, its port, and the seconds until its first prediction."""
    port, second, third = free_ports(3)
    command = [word.replace("PORT", str(port)) for word in server.command]
    mlserver = {"http_port": port, "grpc_port": second, "metrics_port": third}
    settings = mlserver | {"host": "127.0.0.1", "parallel_workers": 0, "debug": False}
    (folder / "mlserver/settings.json").write_text(json.dumps(settings), encoding="utf-8")
    own = {
        "PORT": str(port),
        "PYTHONPATH": str(PEERS),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "BENTOML_DO_NOT_TRACK": "true",
    }
    where = project if server.name == "this API" else folder
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    }
    with open(folder / "server.log", "wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=where, env=inherited | own, stdout=log, stderr=log)
    family = psutil.Process(process.pid)
    try:
        wait_for(process, port, server.path, body, folder / "server.log")
        yield family, port, time.perf_counter() - started
    finally:
        members = [family, *family.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(members, timeout=12)
        for member in alive:
            member.kill()


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def wait_for(process: subprocess.Popen, port: int, path: str, body: bytes, log: Path) -> None:
    """Ask until the first good answer."""
    deadline, told = time.monotonic() + 90, b""
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as found:
                status, told = ask(found, request(port, path, body))
            if status == 200:
                return
        except (ConnectionError, OSError, ValueError):
            pass
        time.sleep(0.01)
    raise SystemExit(f"{path}: no answer; {told[-500:]!r}\n{log.read_text()[-3000:]}")


def request(port: int, path: str, body: bytes) -> bytes:
    """Write a request by hand: a client library costs more than the server that is measured."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def ask(found: socket.socket, sent: bytes) -> tuple[int, bytes]:
    """Send a request, and read the answer to its end."""
    found.sendall(sent)
    got = found.recv(65536)
    while b"\r\n\r\n" not in got:
        more = found.recv(65536)
        if not more:
            raise ConnectionError
        got += more
    head, _, content = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
    while len(content) < length:
        content += found.recv(65536)
    return int(head[9:12]), content


def measure(server: Server, folder: Path, project: Path, seconds: float) -> dict[str, Any]:
    """Measure one server for one and for a hundred records, and print its line."""
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    bodies = {n: json.dumps(server.body(rows, n)).encode() for n in (1, 100)}
    if server.peer:  # packages are installed and compiled before the clock starts
        with running(server, folder, project, bodies[1]):
            pass
    with running(server, folder, project, bodies[1]) as (family, port, start):
        found: dict[str, Any] = {"start": start, "peer": server.peer}
        for count, body in bodies.items():
            sent = request(port, server.path, body)
            load(family, port, sent, 1.0)
            found[str(count)] = load(family, port, sent, seconds)
        found["memory"] = memory(family)
    parts = "".join(
        f" | {m.rate:15.0f} {m.p50:7.2f} {m.p99:7.2f} {m.cpu:7.3f}"
        for m in (found["1"], found["100"])
    )
    print(f"{server.name:14} {start:8.2f} {found['memory']:5.0f}{parts}", flush=True)
    return found


def load(
    family: psutil.Process, port: int, sent: bytes, seconds: float, most: int = 10**9
) -> Measured:
    """Ask over all connections for some seconds, or so many times."""
    took: list[float] = []
    ends, before = time.perf_counter() + seconds, cpu(family)

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port), 60) as found:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (now := time.perf_counter()) < ends and len(took) < most:
                status, content = ask(found, sent)
                if status != 200:
                    raise SystemExit(f"{status}: {content[:300]!r}")
                took.append(time.perf_counter() - now)

    started = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed, count = time.perf_counter() - started, len(took)
    took.sort()
    p50, p99 = took[count // 2] * 1000, took[count * 99 // 100] * 1000
    return Measured(count / passed, p50, p99, (cpu(family) - before) / count * 1000)


def members(family: psutil.Process) -> list[psutil.Process]:
    """List a server's processes."""
    return [family, *family.children(recursive=True)]


def cpu(family: psutil.Process) -> float:
    """Sum the seconds of CPU that a server's processes took."""
    return sum(sum(member.cpu_times()[:2]) for member in members(family))


def memory(family: psutil.Process) -> float:
    """Sum a server's memory in MiB; what its processes share counts once."""
    return sum(member.memory_full_info().pss for member in members(family)) / 2**20


def print_ratios(found: dict[str, dict[str, Any]]) -> None:
    """Print what is asked of this API, beside what it does."""
    ours = found["this API"]
    for count, wanted in (("1", 20), ("100", 5)):
        peers = [one[count] for one in found.values() if one["peer"]]
        wall = ours[count].rate / max(peer.rate for peer in peers)
        work = min(peer.cpu for peer in peers) / ours[count].cpu
        print(
            f"{count:>3} records: {wall:.1f} times the best peer, by CPU {work:.1f}"
            f" (wanted {wanted})"
        )
    constant = found["constant Flask"]["1"]
    wall, work = ours["1"].rate / constant.rate, constant.cpu / ours["1"].cpu
    print(f"of a constant Flask: {wall:.2f}, by CPU {work:.2f} (wanted 0.7)")
    share = ours["memory"] / found["naive Flask"]["memory"]
    print(
        f"start {ours['start']:.2f} s (wanted 1.5), "
        f"memory {share:.2f} of the naive one (wanted 0.7)"
    )


def soak(project: Path, folder: Path) -> None:
    """Print the API's memory after each fifth of 100,000 requests."""
    server = servers(project, folder)[0]
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    body = json.dumps(records_or_one(rows, 1)).encode()
    print("\nmemory of this API over 100,000 requests, MiB:", end=" ")
    with running(server, folder, project, body) as (family, port, _):
        for _ in range(5):
            load(family, port, request(port, server.path, body), 600, 20_000)
            print(f"{memory(family):.0f}", end=" ", flush=True)
    print()


def _uv(project: Path, *command: str) -> None:
    done = subprocess.run(
        ["uv", "run", "-q", *command], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
