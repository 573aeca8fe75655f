"""Optimisation: its commands on a forest and on a network, and what they write into the page."""

import os
import re
import subprocess

import pytest
import yaml
from conftest import find_ports
from served_api import Served, wait_until_ready

pytestmark = pytest.mark.full

NETWORK = '''
SEARCH: dict[str, list[Any]] = {"width": [32, 128]}
"""Values of `build_model`'s parameters that `uv run poe tune` tries, each with each."""


def build_model(*, width: int = 128) -> Pipeline:
    """Build an unfitted network, for the task of the columns."""
    kind = MLPClassifier if columns.task() == "classification" else MLPRegressor
    network = kind(hidden_layer_sizes=(width, width), max_iter=1000, random_state=SEED)
    return with_preprocessing(make_pipeline(StandardScaler(), network))


'''
OF_TREES = {"fewer-trees", "shallower-trees", "pruned-trees"}
OF_MATRICES = {"int8", "float16"}
OF_ALL = {"champion", "graph-off", "graph-basic", "distilled"}


def put_network(project):
    """Replace the forest by a network, in model.py alone."""
    module = project.path / "src/app/training/model.py"
    code = module.read_text(encoding="utf-8")
    start, end = code.index("SEARCH:"), code.index("def build_baseline")
    code = code[:start] + NETWORK.lstrip() + code[end:]
    for old, new in {
        "from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor\n": "",
        "from sklearn.pipeline import Pipeline": "from sklearn.neural_network import MLPClassifier,"
        " MLPRegressor\nfrom sklearn.pipeline import Pipeline, make_pipeline",
        "import OneHotEncoder": "import OneHotEncoder, StandardScaler",
    }.items():
        assert old in code
        code = code.replace(old, new)
    module.write_text(code, encoding="utf-8")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(param, id="-".join(param), marks=pytest.mark.xdist_group("-".join(param)))
        for param in (("penguins", "forest"), ("delays", "forest"), ("penguins", "network"))
    ],
)
def champion(request, bake):
    """Give a project with a champion of a sample, and which kind of model that is."""
    sample, kind = request.param
    project = bake(optimisation="yes", sample=sample)
    if kind == "network":
        put_network(project)
    for stage in ("data", "train", "evaluate", "gate", "promote"):
        project.poe(stage)
    return project, kind


def page(project):
    return (project.path / "docs/OPTIMISATION.md").read_text(encoding="utf-8")


def between(project, mark):
    """Give what a command wrote: its rows by their first cell, and its text."""
    text = re.search(rf"(?s)<!-- {mark} -->\n(.*)\n<!-- end of {mark} -->", page(project))[1]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {cells[0]: cells[1:] for cells in rows if cells[0] != "---"}, text


def number(cell):
    return float(cell.replace(",", "").rstrip("%"))


def test_costs_are_counted_and_measured(champion):
    project, kind = champion
    assert "Not measured yet: run `uv run poe flops`" in page(project)

    project.poe("flops")

    rows, text = between(project, "flops")
    for name in ("training", "a prediction"):
        unit, counted, seconds, _, most, _ = re.search(
            rf"\| {name} \| (\w+) \|" + r" ([^|]+) \|" * 5, text
        ).groups()
        assert unit == {"forest": "comparisons", "network": "FLOPs"}[kind]
        assert 0 < number(counted) < number(most), "nobody computes faster than the calibration"
        assert number(seconds) > 0
    assert ("6·N·D does not hold for RandomForest" in text) == (kind == "forest")
    assert number(rows["a million predictions"][2]) > 0


def test_simpler_models_stand_beside_the_champion(champion):
    project, kind = champion

    project.poe("optimise")

    rows, text = between(project, "optimise")
    made = OF_ALL | (OF_TREES if kind == "forest" else OF_MATRICES)
    assert set(rows) == made | {"model"}
    for name in OF_TREES | OF_MATRICES:
        assert (f"- **{name}** is not there: " in text) == (name not in made)
    scores = {name: number(cells[0]) for name, cells in rows.items() if name != "model"}
    sizes = {name: number(cells[1]) for name, cells in rows.items() if name != "model"}
    assert scores["graph-off"] == scores["champion"] > 0.5
    assert all(sizes[name] < sizes["champion"] for name in made - OF_ALL)
    assert all(number(cell) > 0 for name in made for cell in rows[name][4:])
    assert (project.path / "docs/figures/optimisation.png").stat().st_size > 10_000


def test_a_candidate_meets_the_gate(champion):
    project, kind = champion
    name = {"forest": "fewer-trees", "network": "int8"}[kind]

    told = project.poe("optimise", f"--register={name}")
    version = re.search(r"registered (\S+):", told)[1]
    assert version in project.poe("evaluate")
    judged = project.run("poe", "gate")
    promoted = project.run("poe", "promote")

    assert f"{version} passes the gate" in judged.stdout or (
        f"{version} does not pass the gate" in judged.stderr
    )
    assert promoted.returncode == judged.returncode
    if judged.returncode == 0:  # a candidate is no source of others
        refused = project.run("poe", "optimise")
        assert "is a candidate itself" in refused.stderr
        project.poe("rollback")


def test_two_processes_learn_as_one(champion):
    project, _ = champion

    project.poe("parallel")

    rows, text = between(project, "parallel")
    difference = re.search(r"over 20 steps: (\S+) of the largest slope", text)[1]
    assert float(difference) < 1e-10
    assert {"1,000", "10,000", "100,000"} < set(rows)
    assert all(1 < number(rows[count][4]) <= 2 for count in ("1,000", "10,000", "100,000"))


def test_the_same_model_answers_faster_and_the_load_is_written(champion):
    project, _ = champion
    port = find_ports()["PORT"]

    project.poe("latency")
    environment = os.environ | {"PORT": port}
    environment.pop("VIRTUAL_ENV", None)
    log = project.path / "local/api.log"
    command = [str(project.path / ".venv/bin/python"), "-m", "app", "api"]
    with (
        log.open("w") as out,
        subprocess.Popen(command, cwd=project.path, env=environment, stdout=out, stderr=out) as api,
    ):
        served = Served(api, f"http://127.0.0.1:{port}", log)
        try:
            wait_until_ready(served)
            told = project.poe(
                "load", "--run-time", "3s", API_URL=served.url, LOAD_P95_MS="5000", PORT=port
            )
        finally:
            api.terminate()

    rows, _ = between(project, "latency")
    batching, caching, _ = (rows[name] for name in rows if ":" in name)
    assert number(batching[-1]) < 50
    assert number(caching[-1]) < 50
    requests = re.search(r"objective kept: (\d+) requests", told)[1]
    rows, text = between(project, "load")
    assert f"{int(requests):,}" in rows
    assert "Little's law" in text


def test_training_gets_an_accelerator_by_one_variable(champion):
    project, _ = champion
    cloud = {"APP_ENV": "dev", "API_URL": "https://api.example"}

    def accelerators(**variables):
        project.poe("pipeline", "--compile", **cloud, **variables)
        text = (project.path / "local/pipeline.yaml").read_text(encoding="utf-8")
        executors = next(yaml.safe_load_all(text))["deploymentSpec"]["executors"]
        asked = {name: e["container"]["resources"] for name, e in executors.items()}
        return {n: r["accelerator"] for n, r in asked.items() if "accelerator" in r}

    assert accelerators() == {}
    given = accelerators(PIPELINE_ACCELERATOR="NVIDIA_TESLA_T4")
    assert list(given) == ["exec-train"]
    assert "NVIDIA_TESLA_T4" in str(given)


def test_its_own_tests_hold_for_this_model(champion):
    project, _ = champion

    assert re.search(r"\d+ passed", project.poe("test", "tests/optimisation"))
