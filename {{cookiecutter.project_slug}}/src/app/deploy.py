"""Deploy: the running API must take up the champion and predict with it, or it is withdrawn."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app import client, contract, registry
from app.config import load_settings, read_count, require_api_url
from app.errors import AppError, DeployFailed, ModelRefused

_log = logging.getLogger(__name__)


def main(version: str = "") -> None:
    """Prove by a prediction over HTTP that the API serves a version, by default the champion.

    The API looks for a new champion by itself, every `CHAMPION_POLL_SECONDS`.

    Raises
    ------
    DeployFailed
        It does not within `DEPLOY_SECONDS`: a version that was never served is withdrawn, and its
        predecessor is back.
    """
    version = version or registry.champion().version or ""
    if not version:
        raise ModelRefused("there is no champion to deploy: run `uv run poe promote`.")
    url, seconds = require_api_url(), read_count("DEPLOY_SECONDS", "60")
    try:
        _smoke(url, version, seconds)
    except DeployFailed:
        registry.withdraw(version)
        raise
    registry.add_proof(version)
    _log.info("%s serves %s, and predicted with it", url, version)


@contextmanager
def running_api() -> Iterator[None]:
    """On a laptop where no API answers, start one for as long as it is needed.

    SIGTERM ends it too; after SIGKILL it goes on, and the next run uses it.
    """
    settings = load_settings()
    if settings.cloud or _answers():
        yield
        return
    _log.info("no API answers at %s: one is started for this run", settings.api_url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
            served = client.ask("/ready", seconds=30)["model_version"]
            if served == version:
                record = contract.example_record()
                answer = client.ask("/predict?keep=false", record, seconds=30)
                if answer["model_version"] == version and answer["predictions"]:
                    return
            problem = f"it serves {served}"
        except (AppError, KeyError, TypeError) as error:
            problem = f"it answers: {error!r}"
        if time.monotonic() > deadline:
            raise DeployFailed(
                f"{url} does not serve {version} after {seconds} s; {problem}. Is the API up, "
                "with the same APP_ENV, and API_URL its address? See the API's log."
            )
        time.sleep(0.5)


def _answers() -> bool:
    try:
        return bool(client.ask("/health", seconds=30)["status"] == "ok")
    except (AppError, KeyError, TypeError):
        return False
