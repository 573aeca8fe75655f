"""Deploy: the running API must take up the champion and predict with it, or it is withdrawn."""

import json
import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app import contract, registry
from app.config import Settings, load_settings, read_count
from app.errors import DeployFailed, ModelRefused

_log = logging.getLogger(__name__)


def main(version: str = "") -> None:
    """Prove by a prediction over HTTP that the API serves a version, by default the champion.

    The API looks for a new champion by itself, every `CHAMPION_POLL_SECONDS`.

    Raises
    ------
    DeployFailed
        It does not within `DEPLOY_SECONDS`: the version is withdrawn, its predecessor is back.
    """
    version = version or registry.champion().version or ""
    if not version:
        raise ModelRefused("there is no champion to deploy: run `uv run poe promote`.")
    url, seconds = load_settings().api_url, read_count("DEPLOY_SECONDS", "60")
    try:
        _smoke(url, version, seconds)
    except DeployFailed:
        registry.withdraw(version)
        raise
    _log.info("%s serves %s, and predicted with it", url, version)


@contextmanager
def running_api() -> Iterator[None]:
    """On a laptop where no API answers, start one for as long as it is needed."""
    settings = load_settings()
    if settings.cloud or _answers(settings):
        yield
        return
    _log.info("no API answers at %s: one is started for this run", settings.api_url)
    with subprocess.Popen([sys.executable, "-m", "app", "api"]) as process:
        try:
            yield
        finally:
            process.terminate()


def _smoke(url: str, version: str, seconds: int) -> None:
    """Ask until the version is served, then for one prediction; raises `DeployFailed`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            served = _ask(f"{url}/ready")["model_version"]
            if served == version:
                answer = _ask(f"{url}/predict", contract.example_record())
                if answer["model_version"] == version and answer["predictions"]:
                    return
            problem = f"it serves {served}"
        except (OSError, ValueError, KeyError) as error:
            problem = f"it answers: {error}"
        if time.monotonic() > deadline:
            raise DeployFailed(
                f"{url} does not serve {version} after {seconds} s; {problem}. Is the API up, "
                "with the same APP_ENV, and API_URL its address? See the API's log."
            )
        time.sleep(0.5)


def _ask(url: str, record: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if record is None else json.dumps(record).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _answers(settings: Settings) -> bool:
    try:
        _ask(f"{settings.api_url}/health")
    except (OSError, ValueError):
        return False
    return True
