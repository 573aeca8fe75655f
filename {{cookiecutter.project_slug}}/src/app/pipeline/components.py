"""The steps of the pipeline, one for each stage: one import and one call.

Kubeflow ships the source of a step into a container of its own, where nothing else of this file
exists: so a step imports what it needs, and calls one function of the installed package.
"""
# pylint: disable=import-outside-toplevel # see above

from typing import NamedTuple

from kfp import dsl


def ingest(source: str, raw: dsl.Output[dsl.Dataset]) -> NamedTuple("Facts", [("key", str)]):  # type: ignore[valid-type]
    """Keep the source in storage."""
    from app.pipeline import steps

    return steps.ingest(source, raw)


def validate(key: str) -> NamedTuple("Facts", [("fingerprint", str), ("code", str)]):  # type: ignore[valid-type]
    """Clean the raw file and write the table; the code is that of the image that does it."""
    from app.pipeline import steps

    return steps.validate(key)


def train(
    fingerprint: str,
    code: str,  # noqa: ARG001 # makes Kubeflow's cache see a change of the package
    tuning: str,
    model: dsl.Output[dsl.Model],
) -> NamedTuple("Facts", [("version", str)]):  # type: ignore[valid-type]
    """Train a version; not again for the same data, code and tuning."""
    from app.pipeline import steps

    return steps.train(fingerprint, tuning, model)


def evaluate(
    version: str, metrics: dsl.Output[dsl.Metrics], card: dsl.Output[dsl.Markdown]
) -> None:
    """Score a version beside the baseline and the champion."""
    from app.pipeline import steps

    steps.evaluate(version, metrics, card)


def gate(version: str) -> None:
    """Let a version pass, or end the run with the reasons."""
    from app.pipeline import steps

    steps.run("gate", version)


def promote(version: str) -> None:
    """Make a version champion."""
    from app.pipeline import steps

    steps.run("promote", version)


def deploy(version: str) -> None:
    """Prove that the API serves the champion, or withdraw it."""
    from app.pipeline import steps

    steps.run("deploy", version)


def batch(run: str) -> None:
    """Score the table with the champion."""
    from app.pipeline import steps

    steps.run("batch", run)
