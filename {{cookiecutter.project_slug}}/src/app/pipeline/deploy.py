"""Deploy: the running API must take up the champion and predict with it, or it is withdrawn."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.api import client
from app.config import load_cloud, read_count
from app.contract import columns
from app.errors import AppError, Conflict, ModelRefused
from app.registry import versions
from app.storage import open_storage

_log = logging.getLogger(__name__)


class DeployFailed(AppError):
    """The API does not serve the champion."""


def main(version: str = "") -> None:
    """Prove by a prediction over HTTP that the API serves a version, by default the champion.

    The API looks for a new champion by itself, every `CHAMPION_POLL_SECONDS`.

    Raises
    ------
    Conflict
        Another version became champion meanwhile.
    DeployFailed
        It does not within `DEPLOY_SECONDS`: a version that was never served is withdrawn, and its
        predecessor is back.
    """
    version = version or versions.champion().version or ""
    if not version:
        raise ModelRefused("there is no champion to deploy: run `uv run poe promote`.")
    url, seconds = client.require_api_url(), read_count("DEPLOY_SECONDS", "60")
    try:
        _smoke(url, version, seconds)
    except DeployFailed:
        withdraw(version)
        raise
    open_storage().put(versions.key_of(version, "served.json"), b"{}")
    _log.info("%s serves %s, and predicted with it", url, version)


def withdraw(version: str) -> None:
    """Take the championship from a version that was never served; its predecessor has it again.

    One that was served before stays: then it is the API that is unwell.
    """
    current = versions.champion()
    if open_storage().keys(versions.key_of(version, "served.json")):
        _log.warning("%s was served before, so it stays champion", version)
    elif current.version == version:
        versions.point_to(current.history[:-1], current.generation)
        _log.warning("%s is withdrawn; champion: %s", version, versions.champion().version)


@contextmanager
def running_api() -> Iterator[None]:
    """On a laptop where no API answers, start one for as long as it is needed.

    SIGTERM ends it too; after SIGKILL it goes on, and the next run uses it.
    """
    if load_cloud() or _answers():
        yield
        return
    _log.info("no API answers at %s: one is started for this run", client.api_url())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with subprocess.Popen([sys.executable, "-m", "app", "api"]) as process:
        try:
            yield
        finally:
            process.terminate()


def _smoke(url: str, version: str, seconds: int) -> None:
    """Ask until the version is served, then for one prediction; raises `DeployFailed`."""
    deadline = time.monotonic() + seconds
    while problem := _try(version):
        if (champion := versions.champion().version) != version:
            raise Conflict(f"{version} is not deployed: {champion} became champion meanwhile.")
        if time.monotonic() > deadline:
            raise DeployFailed(
                f"{url} does not serve {version} after {seconds} s; {problem}. Is the API up, "
                "with the same APP_ENV, and API_URL its address? See the API's log."
            )
        time.sleep(0.5)


def _try(version: str) -> str:
    """Ask for one prediction of a version, which is not kept; say what is wrong, or nothing."""
    try:
        served = client.ask("/ready", seconds=30)["model_version"]
        if served != version:
            return f"it serves {served}"
        answer = client.ask("/predict?keep=false", columns.example_record(), seconds=30)
        right = answer["model_version"] == version and answer["predictions"]
        return "" if right else f"it answers: {answer}"
    except (AppError, KeyError, TypeError) as error:
        return f"it answers: {error!r}"


def _answers() -> bool:
    try:
        return bool(client.ask("/health", seconds=30)["status"] == "ok")
    except (AppError, KeyError, TypeError):
        return False
