"""Generated projects run their own commands, and what they print and make is looked at."""

import json
import re
import socket

import pytest
from conftest import find_python

from mlsd import rooms

pytestmark = pytest.mark.full

MAXIMAL = {
    "sample": "delays",
    "licence": "Apache-2.0",
    "api_framework": "Connexion",
    "golden_signals": "yes",
    "online_experiments": "yes",
    "asynchronous_serving": "yes",
    "kubernetes": "yes",
    "triton": "yes",
    "optimisation": "yes",
}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="default"),
        pytest.param(MAXIMAL, id="maximal"),
    ],
)
def test_a_fresh_project_passes_its_own_checks_and_answers_over_http(bake, free_ports, answers):
    project = bake(**answers)
    assert "rated at 10.00/10" in project.poe("check")
    tested = project.poe("test", "-rs")
    assert re.search(r"\d+ passed", tested)
    skips = [line for line in tested.splitlines() if line.startswith("SKIPPED")]
    assert all("no emulator" in line for line in skips), "tests/test_cloud.py starts them"

    answer = project.demo(free_ports)

    champion = json.loads((project.path / "local/objects/champion.json").read_text())["history"][-1]
    assert answer["model_version"] == champion
    assert (project.path / f"local/objects/models/{champion}/model.onnx").stat().st_size > 1000
    page = (project.path / "docs/EDA.md").read_text(encoding="utf-8")
    assert (project.path / "docs/figures/eda.png").stat().st_size > 10_000
    assert "data fingerprint" in page
    changed = project.git("status", "--porcelain", "--untracked-files=all").split()[1::2]
    assert set(changed) == {"uv.lock", "docs/EDA.md", "docs/figures/eda.png"}


@pytest.mark.parametrize("sprint", ["2", "4"])  # tests/test_update.py grows one to 3
def test_each_stage_passes_its_own_checks_and_its_demo_runs_what_there_is(bake, free_ports, sprint):
    project = bake(until_sprint=sprint)
    assert "rated at 10.00/10" in project.poe("check")
    assert re.search(r"\d+ passed", project.poe("test"))

    told = project.poe("demo", "--once", **free_ports)

    champion = json.loads((project.path / "local/objects/champion.json").read_text())["history"][-1]
    assert f"--- the champion, {champion}\n| where | metric | model | baseline |" in told
    assert ("answer {" in told) == (sprint != "2")
    assert "dashboard" not in told
    print(f"figure: {figures_of(project, sprint)}")


def figures_of(project, sprint):
    """Measure what a stage gives a team to read and to install."""
    files = [name for name in project.files() if not name.endswith(".png")]
    code = sum(room.lines for room in rooms.read(project.path / "src/app"))
    packages = [path for path in (project.path / ".venv").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in packages) / 1e6
    return f"until sprint {sprint}: {len(files)} files, {code} lines of code, {size:.0f} MB"


def test_a_command_of_a_later_sprint_says_when_it_comes(bake):
    project = bake(until_sprint="2")

    done = project.run("poe", "dashboard")

    assert done.returncode == 2
    assert "comes in sprint 5: `uv run poe grow 5` brings it now" in done.stdout


def test_the_course_s_tools_look_at_what_was_run(bake):
    """As a team calls them: by poe and uvx, from the template that the project names."""
    project = bake()
    for task in ("data", "eda", "train", "evaluate", "gate", "promote", "runs", "cards"):
        project.poe(task)
    told = project.run("poe", "progress", "--milestone", "1").stdout
    assert "expected numbers of your data" not in told, "the pages are those of the run"
    assert "2.2  begun             Train and evaluate a model" in told, "the data are the example's"
    assert "expected facts of your model" not in told
    project.poe("cards-check")
    assert "ML Test Score: " in project.poe("score")
    assert "19 issues at most would be opened" in project.poe("issues")
    assert "slides/milestone_1.pdf is absent" in project.run("poe", "milestone", "1").stdout

    for page in ("docs/EDA.md", "docs/RUNS.md", "docs/MODEL_CARD.md"):
        path = project.path / page
        text = path.read_text(encoding="utf-8")
        number = re.search(r"(?<![\w.])0\.[0-9]{2,3}(?!\w)|(?<= )333(?= )", text)[0]
        path.write_text(text.replace(number, "0.999"), encoding="utf-8")

    told = " ".join(project.run("poe", "progress", "--milestone", "1").stdout.split())
    assert "found other numbers, in docs/EDA.md" in told
    assert "found other numbers, in docs/RUNS.md" in told
    assert "found of another time, in docs/EXPERIMENTATION.md" in told
    assert "facts of another time" in project.run("poe", "cards-check").stderr


@pytest.mark.parametrize("sample", ["penguins", "delays"])
def test_the_page_shows_how_often_the_monitor_alarms(bake, sample):
    project = bake(sample=sample)
    for task in ("data", "train", "evaluate", "gate", "promote"):
        project.poe(task)

    printed = project.poe("alarms").splitlines()

    page = (project.path / "docs/MONITORING.md").read_text(encoding="utf-8").splitlines()
    table = page[page.index(next(line for line in page if line.startswith("200 windows"))) :][:7]
    assert [line for line in printed if line in table] == table


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_other_pythons_do(bake, free_ports, version):
    python = find_python(version)
    project = bake(python_version=version)

    project.poe("test", "-m", "code", python=python)

    assert project.demo(free_ports, python=python)["predictions"]


def test_the_license_of_the_minimal_project_is_absent_and_it_still_works(bake):
    project = bake(licence="none")

    project.poe("data")
    project.poe("train")

    assert len(list(project.path.glob("local/objects/models/*/model.onnx"))) == 1


def test_without_hooks_the_first_command_says_what_is_missing(bake):
    project = bake(accept_hooks=False)

    done = project.run("poe", "data")

    assert done.returncode == 1
    assert "generated without its hooks" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.path / "local").exists()


def test_a_port_in_use_is_told(bake, free_ports):
    project = bake()
    with socket.create_server(("127.0.0.1", int(free_ports["PORT"]))):
        done = project.run("poe", "api", **free_ports)

    assert done.returncode == 1
    assert f"port {free_ports['PORT']} is in use" in done.stderr
    assert "Traceback" not in done.stderr
