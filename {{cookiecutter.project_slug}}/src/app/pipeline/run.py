"""Run the pipeline: with Kubeflow's local runner, without Kubeflow, or on Vertex AI."""
# pylint: disable=import-outside-toplevel # what one way to run it needs, the others need not

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from kfp import compiler, local

from app.__main__ import run_all_but
from app.api.client import require_api_url
from app.config import Cloud, load_cloud, read
from app.errors import AppError, ConfigError, Conflict
from app.pipeline import graph
from app.pipeline.deploy import running_api
from app.registry import versions

FILE = Path("local/pipeline.yaml")
_log = logging.getLogger(__name__)


def main(how: str = "local", tuning: str = "") -> None:
    """Run the pipeline: `local`, `plain` (without Kubeflow), `compile` it, or on `vertex`.

    `tuning` names a search whose choice is used to train.

    Raises
    ------
    AppError
        A step failed, or there is no such way to run it.
    """
    ways = {"local": _run_local, "plain": _run_plain, "compile": _compile, "vertex": submit}
    way = ways.get(how.removeprefix("--"))
    if way is None:
        raise ConfigError(f"pipeline {how}: give one of {', '.join(ways)}.")
    way(tuning)


def if_new(how: str = "local") -> None:
    """Run the pipeline if no model was judged on these data yet, whatever became of it."""
    from app.data import ingest, split

    present = split.fingerprint(split.to_frame(ingest.read_source().examples))
    for version in versions.versions():
        evaluation, data = versions.find_evaluation(version), versions.record_of(version).data
        if data.fingerprint == present and evaluation and evaluation.reasons is not None:
            _log.info("%s was judged on these data already: nothing to do", version)
            return
    main(how)


def submit(tuning: str = "", credentials: Any = None) -> None:
    """Upload the source and start the pipeline on Vertex AI, as the pipeline's own account.

    `credentials` are yours by default, as `gcloud auth application-default login` left them.
    """
    from google.cloud import aiplatform

    from app.data import ingest
    from app.storage.remedies import translated

    cloud = _require_cloud()
    require_api_url()
    own = f"pipeline-{cloud.app_env}@{cloud.project}.iam.gserviceaccount.com"
    account = read("PIPELINE_SERVICE_ACCOUNT", own)
    with translated(cloud, missing="the job batch: Cloud Run does not find it."):
        image = read("PIPELINE_IMAGE", "") or _released_image(cloud, credentials)
    _write_specification(image)
    source = f"gs://{cloud.bucket}/{ingest.ingest()['key']}"
    with translated(cloud, missing="the pipeline: Vertex AI does not find it."):
        run = aiplatform.PipelineJob(
            display_name="train-and-deploy",
            template_path=str(FILE),
            pipeline_root=f"gs://{cloud.bucket}/pipeline",
            parameter_values={"source": source, "tuning": tuning},
            credentials=credentials,
            project=cloud.project,
            location=cloud.region,
        )
        run.submit(service_account=account)
    _log.info("submitted: the console shows it under Vertex AI, Pipelines")


def _released_image(cloud: Cloud, credentials: Any) -> str:
    """Name the image of the last release by its digest, as the job `batch` runs it.

    A tag could be moved by whoever may push images, so also by the deployer of `dev`.
    """
    from google.auth import default
    from google.auth.transport.requests import AuthorizedSession

    credentials = credentials or default(["https://www.googleapis.com/auth/cloud-platform"])[0]
    place = f"projects/{cloud.project}/locations/{cloud.region}/jobs/batch-{cloud.app_env}"
    answer = AuthorizedSession(credentials).get(f"https://run.googleapis.com/v2/{place}")
    answer.raise_for_status()
    image = str(answer.json()["template"]["template"]["containers"][0]["image"])
    if "@sha256:" not in image:
        raise ConfigError(f"{image} is no image of ours: run `uv run poe release {cloud.app_env}`.")
    return image


def _run_local(tuning: str) -> None:
    from app.data import ingest

    if sys.platform == "win32" or " " in sys.executable:
        _log.warning("Kubeflow's local runner needs a shell and a path without spaces: run without")
        _run_plain(tuning)
        return
    root = str(Path(read("LOCAL_STORE", "local")) / "pipeline")
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
    with _alone(), running_api(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            graph.build(None)(source=ingest.default_source(), tuning=tuning)
        except RuntimeError as error:
            raise AppError(f"the pipeline stopped, see above: {error}") from None


def _run_plain(tuning: str) -> None:
    with _alone(), running_api():
        run_all_but(tuning=tuning)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one run at a time work on a laptop: the end of another would stop the API of both."""
    file = Path(read("LOCAL_STORE", "local")) / "pipeline.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(file).acquire(timeout=0)
    except Timeout:
        raise Conflict(
            "another pipeline runs in this folder: wait until it has ended, then run this again."
        ) from None
    with held:
        yield


def _compile(_tuning: str) -> None:
    _write_specification("pipeline-image")  # only to be looked at: CI has no cloud to ask


def _write_specification(image: str) -> None:
    """Write what Vertex AI reads; it is not committed."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(graph.build(_require_cloud(), image), str(FILE))
    _log.info("wrote %s", FILE)


def _require_cloud() -> Cloud:
    cloud = load_cloud()
    if cloud is None:
        raise ConfigError("APP_ENV is 'local': Vertex AI needs dev, tst, acc or prd.")
    return cloud
