"""A generated project whose dashboard runs, the API beside it, and predictions to look at."""

import os
import subprocess
import time
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import requests

TRAFFIC = """
import json, sys, time
import requests
from app import schema
from app.contract import columns
from app.history import predictions
from app.registry import reference, versions
examples = reference.read(versions.champion().version).sample(600, replace=True, random_state=1)
records = json.loads(examples[list(columns.features())].to_json(orient="records"))
ids = []
for n in range(0, 600, 20):
    answer = requests.post(sys.argv[1] + "/predict", json=records[n : n + 20], timeout=30)
    answer.raise_for_status()
    ids += [one["id"] for one in answer.json()["predictions"]]
deadline = time.monotonic() + 60
while len(predictions.latest(600)) < 600:
    assert time.monotonic() < deadline, "not all predictions are stored after a minute"
    time.sleep(0.5)
predictions.add_labels(dict(zip(ids[:400], examples[schema.TARGET].tolist())))
"""


class System(NamedTuple):
    """A generated project whose dashboard runs, and perhaps its API."""

    mode: str
    project: object
    url: str
    api_url: str
    start_api: object


@contextmanager
def process(project, *command, **variables):
    """Run a program of the project until the end of the block."""
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | variables
    started = subprocess.Popen(
        [str(project.path / ".venv/bin/python"), "-m", *command],
        cwd=project.path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(15)


def wait_for(url):
    for _ in range(300):
        try:
            if requests.get(url, timeout=10).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


@contextmanager
def answering(project, ports):
    """Run the API until the end of the block."""
    with process(project, "app", "api", **ports):
        wait_for(f"http://127.0.0.1:{ports['PORT']}/ready")
        yield


def find_prediction(system, id_):
    """Wait until a prediction is stored."""
    for _ in range(30):
        answer = requests.get(f"{system.api_url}/past_predictions?limit=50", timeout=30).json()
        if found := [one for one in answer["past_predictions"] if one["id"] == id_]:
            return found[0]
        time.sleep(0.5)
    return pytest.fail(f"{id_} is not stored")
