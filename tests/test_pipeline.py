"""The pipeline of a generated project: each gate bites inside it, and a kill leaves no half."""

import json
import os
import re
import subprocess
import time

import pytest
import requests

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("pipeline")]

PREPARE = """
import sys
import numpy as np
from app import schema
from app.data import split
from app.registry import versions
examples, how = split.read_examples(), sys.argv[1]
target = examples[schema.TARGET]
if how == "labels":
    examples[schema.TARGET] = np.random.default_rng(1).permutation(target.to_numpy())
if how == "leak":
    examples["body_mass_g"] = target.map({"FEMALE": 3000.0, "MALE": 5000.0})
if how == "slice":
    test = split.hold_out(examples).test.merge(examples.reset_index())["index"]
    wrong = examples.index.isin(test) & (examples["island"] == "Dream")
    examples.loc[wrong, schema.TARGET] = target[wrong].map({"FEMALE": "MALE", "MALE": "FEMALE"})
if how == "tuning":
    print(versions.add_tuning({"chosen": {"n_estimators": 1, "max_depth": 1}}))
else:
    examples.to_csv("poisoned.csv", index=False)
"""
STATE = """
import json
from app.data import split
from app.errors import NotFound
from app.history import batch_runs
from app.registry import versions
for version in versions.versions():
    versions.load(version)
champion = versions.champion().version
if champion:
    versions.load_champion()
try:
    rows = len(split.read_examples())
except NotFound:
    rows = None
runs = batch_runs.whole()[0]
scored = len(batch_runs.scored(runs[-1].table, 10**6)[0]) if runs else None
print(json.dumps({"champion": champion, "rows": rows, "scored": scored, "runs": len(runs)}))
"""
KILLER = """
import os, signal, sys
from app.storage.local import LocalStorage

left = int(os.environ.get("KILL_AT", "0"))

def deadly(method):
    def call(*arguments, **named):
        global left
        if left and "pipeline" in sys.argv:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments, **named)
    return call

for name in ("put", "write", "drop"):
    setattr(LocalStorage, name, deadly(getattr(LocalStorage, name)))
"""


@pytest.fixture(scope="module")
def project(bake):
    """Generate a project with a champion."""
    made = bake()
    for stage in ("data", "train", "evaluate", "gate", "promote"):
        made.poe(stage)
    return made


def state(project, **variables):
    done = project.run("python", "-c", STATE, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("labels", "not beyond chance"),
        ("leak", "feature 'body_mass_g' alone reaches"),
        ("slice", "where island = Dream"),
        ("tuning", "below the champion's"),
    ],
)
def test_each_gate_bites_inside_the_pipeline(project, how, reason):
    before = state(project)
    project.poe("data")
    made = project.run("python", "-c", PREPARE, how)
    assert made.returncode == 0, made.stderr
    worse = [made.stdout.strip()] if how == "tuning" else []
    variables = {} if worse else {"DATA_SOURCE": "poisoned.csv"}

    done = project.run("poe", "pipeline", "local", *worse, PORT="18101", **variables)

    told = done.stdout + done.stderr
    assert done.returncode == 1, told[-3000:]
    assert reason in told
    assert "does not pass the gate" in told
    assert "Executing task" in told, "Kubeflow ran it"
    assert "Traceback" not in told
    assert "'promote'" not in told.partition("does not pass the gate")[2].partition("stopped")[0]
    assert state(project)["champion"] == before["champion"]


def test_killed_at_every_write_nothing_is_half_done(bake, free_ports, tmp_path):
    """Kill the run before its first write, its second, and so on; an API serves meanwhile."""
    project = bake()
    project.run("python", "-V")
    (tmp_path / "sitecustomize.py").write_text(KILLER, encoding="utf-8")
    url = f"http://127.0.0.1:{free_ports['PORT']}"
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | free_ports
    environment |= {"CHAMPION_POLL_SECONDS": "1"}
    log = (tmp_path / "api.log").open("w")
    command = [str(project.path / ".venv/bin/python"), "-m", "app", "api"]
    api = subprocess.Popen(command, cwd=project.path, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"{url}/health")
        champions, kills = [], 0
        while True:
            variables = {"PYTHONPATH": str(tmp_path), "KILL_AT": str(kills + 1), **free_ports}
            done = project.run("python", "-m", "app", "pipeline", "plain", **variables)
            found = state(project)
            champions.append(found["champion"])
            assert found["scored"] in (None, found["rows"])
            assert requests.get(f"{url}/ready", timeout=30).status_code == (
                200 if found["champion"] else 503
            )
            if done.returncode == 0:
                break
            kills += 1
            assert done.returncode in (-9, 137), done.stderr
    finally:
        api.terminate()
        api.wait(12)
        log.close()

    assert kills >= 11
    assert champions[0] is None
    assert champions == sorted(champions, key=lambda version: version or "")
    assert found["scored"] == found["rows"]
    served = re.findall(r"model (\S+) is loaded", (tmp_path / "api.log").read_text())
    assert set(served) <= set(champions)


def wait_for(url):
    for _ in range(300):
        try:
            return requests.get(url, timeout=10)
        except requests.ConnectionError:
            time.sleep(0.2)
    raise TimeoutError(url)
