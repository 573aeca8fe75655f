"""The stages as a Kubeflow pipeline: the same on a laptop and on Vertex AI."""
# pylint: disable=import-outside-toplevel # what one way to run it needs, the others need not

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from kfp import compiler, dsl, local

from app import registry
from app.components import STEPS
from app.config import Cloud, load_settings, load_vertex, require_api_url
from app.deploy import running_api
from app.errors import AppError, ConfigError, GateFailed

FILE = Path("local/pipeline.yaml")
_log = logging.getLogger(__name__)


class Resources(NamedTuple):
    """What a step may use of its machine on Vertex AI, at most."""

    cpu: str = "2"
    memory: str = "8G"


TRAINING = Resources(cpu="4", memory="16G")


def build(cloud: Cloud | None) -> Any:
    """Build the pipeline; with a cloud, each step has its image, variables and resources.

    Only training may be answered from Kubeflow's cache, by the data's fingerprint and the code
    of the image: all other steps read or change what is outside, which the cache cannot see.
    """
    image = load_vertex(cloud).image if cloud else "python"
    component = dsl.component(base_image=image, packages_to_install=[], install_kfp_package=False)
    made = {function.__name__: component(function) for function in STEPS}

    def step(name: str, *after: Any, **inputs: Any) -> Any:
        task = made[name](**inputs).after(*after).set_caching_options(name == "train")
        return _equip(task, name, cloud) if cloud else task

    def train_and_deploy(source: str, tuning: str = "") -> None:
        raw = step("ingest", source=source)
        known = step("validate", key=raw.outputs["Output"]).outputs
        model = step("train", fingerprint=known["fingerprint"], code=known["code"], tuning=tuning)
        version = model.outputs["Output"]
        evaluated = step("evaluate", version=version)
        passed = step("gate", evaluated, version=version)
        promoted = step("promote", passed, version=version)
        deployed = step("deploy", promoted, version=version)
        step("batch", deployed, run=dsl.PIPELINE_JOB_ID_PLACEHOLDER)

    describe = dsl.pipeline(name="train-and-deploy", description="From the source to scored rows")
    return describe(train_and_deploy)


def _equip(task: Any, name: str, cloud: Cloud) -> Any:
    """Give a step on Vertex AI its variables and resources; an accelerator only if chosen."""
    from app.storage.cloud import VARIABLES

    resources, vertex = TRAINING if name == "train" else Resources(), load_vertex(cloud)
    task.set_cpu_limit(resources.cpu).set_memory_limit(resources.memory)
    if vertex.accelerator and name == "train":
        task.set_accelerator_type(vertex.accelerator).set_accelerator_limit(1)
    variables = {"APP_ENV": cloud.app_env, "GCP_PROJECT_ID": cloud.project}
    variables |= {"GCP_REGION": cloud.region, "GCS_BUCKET": cloud.bucket}
    own = (*VARIABLES, "API_URL", "GIT_COMMIT", "DEPLOY_SECONDS")
    variables |= {variable: os.environ[variable] for variable in own if os.environ.get(variable)}
    for variable, value in variables.items():
        task.set_env_variable(variable, value)
    return task


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
    from app import data

    found = data.fingerprint(data.read_source())
    for version in registry.versions():
        if registry.record_of(version)["data"]["fingerprint"] == found and _is_judged(version):
            _log.info("%s was judged on these data already: nothing to do", version)
            return
    main(how)


def _is_judged(version: str) -> bool:
    try:
        return "reasons" in registry.evaluation_of(version)
    except GateFailed:
        return False


def _run_local(tuning: str) -> None:
    if sys.platform == "win32" or " " in sys.executable:
        _log.warning("Kubeflow's local runner needs a shell and a path without spaces: run without")
        _run_plain(tuning)
        return
    settings = load_settings()
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(settings.local_store / "pipeline"),
        raise_on_error=True,
    )
    with running_api(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            build(None)(source=settings.source, tuning=tuning)
        except RuntimeError as error:
            raise AppError(f"the pipeline stopped, see above: {error}") from None


def _run_plain(tuning: str) -> None:
    from app import steps

    with running_api():
        steps.run_all(load_settings().source, tuning)


def _compile(_tuning: str) -> None:
    """Write what Vertex AI reads, to be looked at; it is not committed."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(build(_require_cloud()), str(FILE))
    _log.info("wrote %s", FILE)


def submit(tuning: str = "", credentials: Any = None) -> None:
    """Upload the source and start the pipeline on Vertex AI, as the pipeline's own account.

    `credentials` are yours by default, as `gcloud auth application-default login` left them.
    """
    from google.cloud import aiplatform

    from app import data
    from app.storage.remedies import translated

    cloud = _require_cloud()
    require_api_url()
    vertex = load_vertex(cloud)
    _compile(tuning)
    source = f"gs://{cloud.bucket}/{data.ingest()}"
    with translated(cloud, missing="the pipeline: Vertex AI does not find it."):
        aiplatform.PipelineJob(
            display_name="train-and-deploy",
            template_path=str(FILE),
            pipeline_root=vertex.root,
            parameter_values={"source": source, "tuning": tuning},
            project=cloud.project,
            location=cloud.region,
            credentials=credentials,
        ).submit(service_account=vertex.service_account)
    _log.info("submitted: the console shows it under Vertex AI, Pipelines")


def _require_cloud() -> Cloud:
    cloud = load_settings().cloud
    if cloud is None:
        raise ConfigError("APP_ENV is 'local': Vertex AI needs dev, tst, acc or prd.")
    return cloud
