"""Settings, read from the environment when asked and never on import."""

import os
import re
import socket
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from app.errors import ConfigError

ENVIRONMENTS = ("local", "dev", "tst", "acc", "prd")
_SET_BY_GOOGLE_CLOUD = ("K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_ML_JOB_ID")


class Cloud(NamedTuple):
    """Which part of Google Cloud belongs to this environment."""

    app_env: str
    project: str
    region: str
    bucket: str


class Vertex(NamedTuple):
    """What a pipeline on Vertex AI needs: its image, its own identity, where its files go."""

    image: str
    service_account: str
    root: str
    accelerator: str


class Settings(NamedTuple):
    """Where this process runs, and where it finds what it needs; `cloud` is None on a laptop."""

    cloud: Cloud | None
    source: str
    local_store: Path
    host: str
    port: int
    dashboard_port: int
    api_url: str
    champion_poll_seconds: int


def load_settings() -> Settings:
    """Read the settings; a variable that is set but empty counts as not set.

    Raises
    ------
    ConfigError
        A variable is missing, or its value cannot work here.
    """
    port = _read_port("PORT", "8080")
    return Settings(
        cloud=_load_cloud(),
        source=read("DATA_SOURCE", "data/sample.csv"),
        local_store=Path(read("LOCAL_STORE", "local")),
        host=read("HOST", "127.0.0.1"),
        port=port,
        dashboard_port=_read_port("STREAMLIT_SERVER_PORT", "8501"),
        api_url=_read_address("API_URL", f"http://127.0.0.1:{port}"),
        champion_poll_seconds=read_count("CHAMPION_POLL_SECONDS", "5"),
    )


def load_vertex(cloud: Cloud) -> Vertex:
    """Read what a pipeline on Vertex AI needs; `accelerator` is empty unless chosen."""
    image = f"{cloud.region}-docker.pkg.dev/{cloud.project}/images/pipeline:{cloud.app_env}"
    account = f"pipeline-{cloud.app_env}@{cloud.project}.iam.gserviceaccount.com"
    return Vertex(
        image=read("PIPELINE_IMAGE", image),
        service_account=read("PIPELINE_SERVICE_ACCOUNT", account),
        root=f"gs://{cloud.bucket}/pipeline",
        accelerator=read("PIPELINE_ACCELERATOR", ""),
    )


def require_api_url() -> str:
    """Give the API's address; away from a laptop nobody can guess it."""
    settings = load_settings()
    if settings.cloud and not read("API_URL", ""):
        raise ConfigError(
            f"API_URL is not set, and the API of {settings.cloud.app_env} is not on this machine: "
            "set it to what `terraform -chdir=terraform output -raw api_url` prints."
        )
    return settings.api_url


def read(name: str, default: str) -> str:
    """Read a variable of the environment; an empty one counts as not set."""
    return os.environ.get(name) or default


def read_count(name: str, default: str) -> int:
    """Read a variable that is a whole number."""
    text = read(name, default)
    if text.isascii() and text.isdigit():
        return int(text)
    raise ConfigError(f"{name}={text!r} is not a whole number: use digits only.")


def require_free_port(host: str, port: int, variable: str) -> None:
    """Refuse a port that another program listens on, with the variable that changes it."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            raise ConfigError(
                f"port {port} is in use: stop the other program, or set {variable} to a free port."
            )


def _load_cloud() -> Cloud | None:
    app_env = read("APP_ENV", "local")
    if app_env not in ENVIRONMENTS:
        raise ConfigError(f"APP_ENV={app_env!r} is not one of {', '.join(ENVIRONMENTS)}.")
    if app_env == "local":
        for name in filter(os.environ.get, _SET_BY_GOOGLE_CLOUD):
            raise ConfigError(
                f"APP_ENV is 'local', but {name} says that this runs on Google Cloud, where "
                "files are lost: set APP_ENV to dev, tst, acc or prd."
            )
        return None
    project = read("GCP_PROJECT_ID", "")
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", project, flags=re.ASCII):
        raise ConfigError(
            f"GCP_PROJECT_ID={project!r} is not the id of a project (not its name, not its "
            "number): 6 to 30 of a-z, 0-9 and -. `gcloud projects list` shows the ids."
        )
    bucket = read("GCS_BUCKET", f"{project}-{app_env}")
    return Cloud(app_env, project, read("GCP_REGION", "europe-west1"), bucket)


def _read_port(name: str, default: str) -> int:
    text = read(name, default)
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"{name}={text!r} is not a port: give a whole number from 1 to 65535.")


def _read_address(name: str, default: str) -> str:
    text = read(name, default)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment:
        raise ConfigError(
            f"{name}={text!r} is not an address: give http:// or https://, a host, and a port if "
            "it has its own, as in http://127.0.0.1:8080."
        )
    return text.rstrip("/")
