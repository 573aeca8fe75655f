"""What a step of the pipeline does beside its stage: it fills the artifacts that Kubeflow shows.

A stage that stops ends its step with its reasons and without a traceback, and so the run.
A step is a process of its own, so it imports only the stage that it runs.
"""
# pylint: disable=import-outside-toplevel # see above

import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import app
from app import __main__ as command_line
from app.errors import AppError
from app.registry import versions
from app.storage import open_storage


@contextmanager
def _ending_in_words() -> Iterator[None]:
    try:
        yield
    except AppError as error:
        sys.exit(error.listed())


@_ending_in_words()
def run(stage: str, argument: str) -> None:
    """Run a stage that leaves no artifact; a refusal ends the run."""
    command_line.run(stage, argument)


@_ending_in_words()
def ingest(source: str, raw: Any) -> tuple[str]:
    """Keep the source in storage; the artifact is the raw file. Gives its key."""
    from app.data import ingest as stage

    key = stage.ingest(source)["key"]
    _write(raw, open_storage().get(key).data)
    raw.metadata.update(source=source, key=key)
    return (key,)


@_ending_in_words()
def validate(key: str) -> tuple[str, str]:
    """Write the table; gives what training depends on: fingerprints of data and code."""
    from app.data import ingest as stage

    return stage.validate(key)["fingerprint"], fingerprint_of_code()


@_ending_in_words()
def train(fingerprint: str, tuning: str, model: Any) -> tuple[str]:
    """Train a version; the artifact is its ONNX file. Gives its name."""
    from app.training import train as stage

    version = stage.main(tuning, fingerprint)["version"]
    record = versions.record_of(version)
    _write(model, versions.model_of(version))
    model.metadata.update(version=version, sha256=record.sha256, git_commit=record.git_commit)
    return (version,)


@_ending_in_words()
def evaluate(version: str, metrics: Any, card: Any) -> None:
    """Evaluate a version; the artifacts are its metrics, and its card with what the gate says."""
    from app.reports import model_card
    from app.training import evaluate as stage
    from app.training import gate

    stage.main(version)
    record, evaluation = versions.record_of(version), versions.evaluation_of(version)
    for name, score in evaluation.model.items():
        metrics.log_metric(name, round(score, 4))
    judged = evaluation.model_copy(update={"reasons": gate.judge(evaluation)})
    text = f"# {version}\n\n{model_card.describe(record, judged)}\n"
    _write(card, (text + model_card.describe_scores(judged)).encode())


def fingerprint_of_code() -> str:
    """Hash our sources and the versions of all packages: Kubeflow's cache looks at neither."""
    sources = sorted(Path(app.__file__).parent.rglob("*.py"))
    packages = sorted(f"{p.name} {p.version}" for p in importlib.metadata.distributions())
    contents = [*(path.read_bytes() for path in sources), *(text.encode() for text in packages)]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:12]


def _write(artifact: Any, content: bytes) -> None:
    path = Path(artifact.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
