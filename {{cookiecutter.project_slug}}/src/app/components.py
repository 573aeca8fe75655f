"""The steps of the pipeline: each is one import and one call.

Kubeflow ships the source of a step into a container of its own, where nothing else of this file
exists: so a step imports what it needs, and calls one function of the installed package.
"""
# pylint: disable=import-outside-toplevel # see above

from typing import NamedTuple

from kfp import dsl


def ingest(source: str, raw: dsl.Output[dsl.Dataset]) -> str:
    """Keep the source in storage."""
    from app import steps

    return steps.run_ingest(source, raw)


def validate(key: str) -> NamedTuple("Known", [("fingerprint", str), ("code", str)]):  # type: ignore[valid-type]
    """Clean the raw file and write the table; the code is that of the image that does it."""
    from app import steps

    return steps.run_validate(key)


def train(
    fingerprint: str,
    code: str,  # noqa: ARG001 # makes Kubeflow's cache see a change of the package
    tuning: str,
    model: dsl.Output[dsl.Model],
) -> str:
    """Train a version; not again for the same data, code and tuning."""
    from app import steps

    return steps.run_train(fingerprint, tuning, model)


def evaluate(version: str, metrics: dsl.Output[dsl.Metrics], page: dsl.Output[dsl.HTML]) -> None:
    """Score a version beside the baseline and the champion."""
    from app import steps

    steps.run_evaluate(version, metrics, page)


def gate(version: str) -> None:
    """Let a version pass, or end the run with the reasons."""
    from app import gate as stage
    from app import steps

    steps.run(stage.main, version)


def promote(version: str) -> None:
    """Make a version champion."""
    from app import registry, steps

    steps.run(registry.promote, version)


def deploy(version: str) -> None:
    """Prove that the API serves the champion, or withdraw it."""
    from app import deploy as stage
    from app import steps

    steps.run(stage.main, version)


def batch(run: str) -> None:
    """Score the table with the champion."""
    from app import batch as stage
    from app import steps

    steps.run(stage.main, run)


STEPS = (ingest, validate, train, evaluate, gate, promote, deploy, batch)
