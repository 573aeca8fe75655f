"""What a step of the pipeline does beside its stage: it fills the artifacts that Kubeflow shows.

A stage that stops ends its step with its reasons and without a traceback, and so the run.
A step is a process of its own, so it imports only the stage that it runs.
"""
# pylint: disable=import-outside-toplevel # see above

import hashlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import AppError
from app.storage import open_storage


class Known(NamedTuple):
    """What the training depends on, beside its parameters: the data, and the code that runs."""

    fingerprint: str
    code: str


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except AppError as error:
        sys.exit(error.told())


@_told()
def run_ingest(source: str, raw: Any) -> str:
    """Keep the source in storage; the artifact is the raw file."""
    from app import data

    key = data.ingest(source)
    _write(raw, open_storage().get(key).data)
    raw.metadata.update(source=source, key=key)
    return key


@_told()
def run_validate(key: str) -> Known:
    """Clean the raw file and write the table."""
    from app import data

    return Known(data.validate(key), fingerprint_of_code())


def fingerprint_of_code() -> str:
    """Hash our sources and the versions of all packages: Kubeflow's cache looks at neither."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    packages = sorted(f"{one.name} {one.version}" for one in importlib.metadata.distributions())
    known = [*(path.read_bytes() for path in sources), *(one.encode() for one in packages)]
    return hashlib.sha256(b"\0".join(known)).hexdigest()[:12]


@_told()
def run_train(fingerprint: str, tuning: str, model: Any) -> str:
    """Train a version; the artifact is its ONNX file."""
    from app import registry, train

    version = train.main(tuning, fingerprint)
    _write(model, open_storage().get(f"models/{version}/model.onnx").data)
    record = registry.record_of(version)
    model.metadata.update(version=version, sha256=record["sha256"], git_commit=record["git_commit"])
    return version


@_told()
def run_evaluate(version: str, metrics: Any, page: Any) -> None:
    """Evaluate a version; the artifacts are its metrics and the report."""
    from app import evaluate, registry, report

    evaluate.main(version)
    for name, score in registry.evaluation_of(version)["model"].items():
        metrics.log_metric(name, round(score, 4))
    _write(page, report.to_html(version).encode())


@_told()
def run(stage: Callable[[str], None], argument: str) -> None:
    """Run a stage that leaves no artifact; a refusal ends the run."""
    stage(argument)


def run_all(source: str, tuning: str) -> None:
    """Run the stages one after the other without Kubeflow; raises `AppError`."""
    from app import batch, data, deploy, evaluate, gate, registry, train

    version = train.main(tuning, data.validate(data.ingest(source)))
    evaluate.main(version)
    gate.main(version)
    registry.promote(version)
    deploy.main(version)
    batch.main()


def _write(artifact: Any, content: bytes) -> None:
    path = Path(artifact.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
