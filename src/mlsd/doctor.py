"""Examine what a project needs from Google Cloud, in order from the login to the tables."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import google.auth
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from mlsd import explain

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_SECONDS = 20


class Finding(NamedTuple):
    """What was examined, whether it is right, what was seen, and what to do otherwise."""

    what: str
    right: bool
    seen: str
    remedy: str = ""


def examine(folder: Path, env: str | None = None) -> int:
    """Print a line for each finding. Give the exit code, which is 1 if a finding is wrong."""
    env = env or os.environ.get("APP_ENV") or "local"
    if env == "local":
        print("ok     environment: local, so nothing of Google Cloud is used here")
        print("       examine another one by `uv run poe doctor --env dev`")
        return 0
    try:
        record = json.loads((folder / ".cruft.json").read_text(encoding="utf-8"))
        store = record["context"]["cookiecutter"]["data_store"]
    except (OSError, ValueError, KeyError):
        print(
            f"{folder} has no .cruft.json with the answer data_store: go to your project's folder"
        )
        return 1
    wrong = 0
    for finding in _findings(env, store):
        print(f"{'ok    ' if finding.right else 'WRONG '} {finding.what}: {finding.seen}")
        if not finding.right:
            wrong += 1
            print(f"       do: {finding.remedy}")
    return int(wrong > 0)


def _findings(env: str, store: str) -> Iterator[Finding]:
    project = os.environ.get("GCP_PROJECT_ID", "")
    region = os.environ.get("GCP_REGION") or "europe-west1"
    named = bool(re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", project))
    yield Finding("project", named, project or "not set", "set GCP_PROJECT_ID to an id, not a name")
    yield _gcloud(project)
    try:
        credentials = _credentials()
    except GoogleAuthError as error:
        explanation = explain.find(str(error))
        remedy = explanation["remedy"] if explanation else "gcloud auth application-default login"
        yield Finding("application-default credentials", False, str(error).split(". ")[0], remedy)
        return
    yield Finding("application-default credentials", True, type(credentials).__name__)
    yield Finding("identity", True, _identity(credentials))
    yield _quota_project(credentials, project)
    session = AuthorizedSession(credentials)
    for what, url in _places(env, store, project):
        yield _place(session, what, url, f"uv run poe cloud-up {env}", region)


def _gcloud(project: str) -> Finding:
    """Compare the project that gcloud itself uses, which is a separate setting."""
    gcloud = shutil.which("gcloud")
    if not gcloud:
        return Finding(
            "gcloud", False, "not installed", "https://cloud.google.com/sdk/docs/install"
        )
    command = [gcloud, "config", "list", "--format=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    core = (json.loads(done.stdout or "{}") if done.returncode == 0 else {}).get("core", {})
    seen = f"account {core.get('account', 'none')}, project {core.get('project', 'none')}"
    right = core.get("project") == project
    return Finding("gcloud", right, seen, f"gcloud config set project {project}")


def _credentials() -> Any:
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return AnonymousCredentials()
    return google.auth.default(scopes=_SCOPES)[0]


def _identity(credentials: Any) -> str:
    """Name the user or the service account, if the credentials hold the name."""
    account = getattr(credentials, "service_account_email", None) or getattr(
        credentials, "account", None
    )
    return account or "a user whose name the credentials do not hold"


def _quota_project(credentials: Any, project: str) -> Finding:
    """Compare the quota project, a separate setting, on which a user's requests count."""
    if not hasattr(credentials, "refresh_token"):
        return Finding("quota project", True, "not needed by this identity")
    seen = getattr(credentials, "quota_project_id", None) or "none"
    remedy = f"gcloud auth application-default set-quota-project {project}"
    return Finding("quota project", seen == project, seen, remedy)


def _places(env: str, store: str, project: str) -> Iterator[tuple[str, str]]:
    """Give each place that holds data: its name and its URL."""
    bucket = os.environ.get("GCS_BUCKET") or f"{project}-{env}"
    host = os.environ.get("STORAGE_EMULATOR_HOST", "https://storage.googleapis.com")
    yield f"bucket {bucket}", f"{host}/storage/v1/b/{bucket}"
    if store == "BigQuery":
        name = os.environ.get("BQ_DATASET") or f"ml_{env}"
        host = os.environ.get("BIGQUERY_EMULATOR_HOST", "https://bigquery.googleapis.com")
        yield f"data set {name}", f"{host}/bigquery/v2/projects/{project}/datasets/{name}"
    if store == "Firestore":
        name = os.environ.get("FIRESTORE_DATABASE") or f"ml-{env}"
        url = f"https://firestore.googleapis.com/v1/projects/{project}/databases/{name}"
        if not os.environ.get("FIRESTORE_EMULATOR_HOST"):  # the emulator cannot describe databases
            yield f"database {name}", url


def _place(session: Any, what: str, url: str, make: str, region: str) -> Finding:
    """Ask for the description of a place, and compare its location."""
    try:
        answer = session.get(url, timeout=_SECONDS)
    except (OSError, GoogleAuthError) as error:
        explanation = explain.find(str(error))
        remedy = explanation["remedy"] if explanation else "try again"
        return Finding(what, False, str(error)[:200], remedy)
    if answer.status_code == 404:
        return Finding(what, False, "does not exist", make)
    if not answer.ok:
        explanation = explain.find(answer.text)
        remedy = explanation["remedy"] if explanation else "ask the owner"
        return Finding(what, False, answer.text[:200], remedy)
    description = answer.json()
    location = description.get("location") or description.get("locationId") or "unknown"
    remedy = f"set GCP_REGION={location.lower()}; or delete it, as it cannot be moved, and {make}"
    return Finding(what, location.lower() == region, f"in {location}", remedy)
