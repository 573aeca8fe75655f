"""The stages as a Kubeflow pipeline: the same on a laptop and on Vertex AI."""

import inspect
import os
from typing import Any

from kfp import dsl

from app.__main__ import stages
from app.config import Cloud, read
from app.pipeline import components

RESOURCES = {"train": ("4", "16G")}
"""Processors and memory that a step may use on Vertex AI, at most; all others have `FEW`."""

FEW = ("2", "8G")


def build(cloud: Cloud | None, image: str = "python") -> Any:
    """Build the pipeline; with a cloud, each step has its image, variables and resources.

    The order is that of the stages. A step takes by name what it asks for of the facts, such as
    `version`, and adds its own outputs to them.
    Only training may be answered from Kubeflow's cache, by the data's fingerprint and the code
    of the image: all other steps read or change what is outside, which the cache cannot see.
    """
    component = dsl.component(base_image=image, packages_to_install=[], install_kfp_package=False)
    functions = {name: getattr(components, name) for name in stages()}

    def train_and_deploy(source: str, tuning: str = "") -> None:
        facts = {"source": source, "tuning": tuning, "run": dsl.PIPELINE_JOB_ID_PLACEHOLDER}
        former: list[Any] = []
        for name, function in functions.items():
            task = component(function)(**{asked: facts[asked] for asked in _inputs(function)})
            task.after(*former).set_caching_options(name == "train")
            if cloud:
                _equip(task, name, cloud)
            facts |= task.outputs
            former = [task]

    describe = dsl.pipeline(name="train-and-deploy", description="From the source to scored rows")
    return describe(train_and_deploy)


def _inputs(function: Any) -> list[str]:
    """Name the texts that a step asks for; its other parameters are artifacts that it writes."""
    parameters = inspect.signature(function).parameters.values()
    return [parameter.name for parameter in parameters if parameter.annotation is str]


def _equip(task: Any, name: str, cloud: Cloud) -> None:
    """Give a step on Vertex AI its variables and resources; an accelerator only if chosen."""
    from app.storage.cloud import VARIABLES  # pylint: disable=import-outside-toplevel # not on a laptop

    (cpu, memory), accelerator = RESOURCES.get(name, FEW), read("PIPELINE_ACCELERATOR", "")
    task.set_cpu_limit(cpu).set_memory_limit(memory)
    if accelerator and name == "train":
        task.set_accelerator_type(accelerator).set_accelerator_limit(1)
    variables = {"APP_ENV": cloud.app_env, "GCP_PROJECT_ID": cloud.project}
    variables |= {"GCP_REGION": cloud.region, "GCS_BUCKET": cloud.bucket}
    own = (*VARIABLES, "API_URL", "GIT_COMMIT", "DEPLOY_SECONDS")
    variables |= {variable: os.environ[variable] for variable in own if os.environ.get(variable)}
    for variable, value in variables.items():
        task.set_env_variable(variable, value)
