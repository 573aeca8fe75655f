"""Settings, read from the environment when they are needed and never on import.

A variable that is set but empty counts as not set. Each room reads the variables that it needs.
"""

import os
import re
from typing import NamedTuple

from app.errors import ConfigError

ENVIRONMENTS = ("local", "dev", "tst", "acc", "prd")
_SET_BY_GOOGLE_CLOUD = ("K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_ML_JOB_ID")


class Cloud(NamedTuple):
    """Which part of Google Cloud belongs to this environment."""

    app_env: str
    project: str
    region: str
    bucket: str


def load_cloud() -> Cloud | None:
    """Read where this process runs: None on a laptop.

    Raises
    ------
    ConfigError
        `APP_ENV` or `GCP_PROJECT_ID` cannot be, `APP_ENV` is `local` on Google Cloud, or it is not
        set in a pod of Kubernetes.
    """
    _require_intent()
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


def _require_intent() -> None:
    """Refuse a pod that does not say where it stores: its own disk goes with it."""
    if os.environ.get("KUBERNETES_SERVICE_HOST") and not os.environ.get("APP_ENV"):
        raise ConfigError(
            "APP_ENV is not set, but KUBERNETES_SERVICE_HOST says that this runs in a pod, whose "
            "files are lost with it: set APP_ENV to dev, tst, acc or prd; or to local, if the pod "
            "has a volume at LOCAL_STORE."
        )


def read(name: str, default: str) -> str:
    """Read a variable of the environment."""
    return os.environ.get(name) or default


def read_count(name: str, default: str) -> int:
    """Read a variable that is a whole number."""
    text = read(name, default)
    if text.isascii() and text.isdigit():
        return int(text)
    raise ConfigError(f"{name}={text!r} is not a whole number: use digits only.")
