"""Generated projects run their own commands, and what they print and make is looked at."""

import json
import os
import random
import re
import shlex
import shutil
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.full

MAXIMAL = {
    "sample": "delays",
    "licence": "Apache-2.0",
    "api_framework": "Connexion",
    "online_experiments": "yes",
    "asynchronous_serving": "yes",
}


def demo(project, ports, python=sys.executable):
    """Run the demo and give its answer over HTTP, as JSON."""
    printed = project.poe("demo", "--once", python=python, **ports)
    assert "from start to prediction" in printed
    return json.loads(re.search(r"answer (\{.*\})", printed)[1])


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

    answer = demo(project, free_ports)

    champion = json.loads((project.path / "local/objects/champion.json").read_text())["history"][-1]
    assert answer["model_version"] == champion
    assert (project.path / f"local/objects/models/{champion}/model.onnx").stat().st_size > 1000
    page = (project.path / "docs/EDA.md").read_text(encoding="utf-8")
    assert (project.path / "docs/figures/eda.png").stat().st_size > 10_000
    assert "data fingerprint" in page
    changed = project.git("status", "--porcelain", "--untracked-files=all").split()[1::2]
    assert set(changed) == {"uv.lock", "docs/EDA.md", "docs/figures/eda.png"}


def test_the_course_s_tools_look_at_what_was_run(bake):
    """As a team calls them: by poe and uvx, from the template that the project names."""
    project = bake()
    for task in ("data", "eda", "train", "evaluate", "gate", "promote", "runs", "cards"):
        project.poe(task)
    told = project.run("poe", "progress", "--milestone", "1").stdout
    assert "expected numbers of your data" not in told, "the pages are those of the run"
    assert "2.2  begun        Train and evaluate a model" in told, "the data are the example's"
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

    assert demo(project, free_ports, python=python)["predictions"]


def find_python(version):
    """Find an interpreter that works; one on the path may be a shim of pyenv that does not."""
    for folder in os.environ["PATH"].split(os.pathsep):
        found = shutil.which(f"python{version}", path=folder)
        if (
            found
            and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0
        ):
            return found
    return pytest.skip(f"Python {version} is not installed")


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


@pytest.fixture(scope="module")
def rehearsed(bake):
    """Print a deployment and its end, as somebody without an account would."""
    project = bake(gcp_project_id="example-project-456")
    printed = project.poe("cloud-up", "dev", "--dry-run")
    printed += project.poe("release", "dev", "--dry-run")
    return printed + project.poe("cloud-down", "everything", "--dry-run")


@pytest.mark.xdist_group("rehearsal")
def test_gcloud_knows_every_command_that_is_printed(rehearsed, tmp_path):
    """Without a login, gcloud refuses a command only after it has understood it."""
    if not shutil.which("gcloud"):
        pytest.skip("gcloud is not installed")
    lines = [line[2:] for line in rehearsed.splitlines() if line.startswith("$ gcloud")]
    kinds = {re.sub(r"(=|:|@|-dev|//)\S*", "", line): line for line in lines}
    assert len(kinds) > 12
    own = {"CLOUDSDK_CONFIG": str(tmp_path), "DOCKER_CONFIG": str(tmp_path)}
    for line in [*kinds.values(), "gcloud run deploy api-dev --no-such-flag"]:
        done = subprocess.run(
            shlex.split(line), env=os.environ | own, capture_output=True, text=True, check=False
        )
        understood = "active account" in done.stderr or done.returncode == 0
        assert understood == ("--no-such-flag" not in line), f"{line}: {done.stderr}"


@pytest.mark.xdist_group("rehearsal")
def test_a_whole_deployment_is_printed_for_who_has_no_account(rehearsed):
    commands = [line for line in rehearsed.splitlines() if line.startswith("$ ")]
    steps = (
        "services enable",
        "buckets create",
        "bootstrap apply",
        "terraform apply",
        "docker build",
        "docker push",
        "--no-traffic",
        "next=10",
        "next=50",
        "--to-latest",
        "imagetools create",
        "terraform destroy",
        "bootstrap destroy",
        "search-all-resources",
    )
    first = [min(n for n, line in enumerate(commands) if step in line) for step in steps]
    assert first == sorted(first)
    assert "is left that costs" not in rehearsed, "a rehearsal proves nothing"
    assert "dev is there" not in rehearsed


MACHINES_SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A machine at the start of a shift."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    class_: int = Field(ge=1, le=3, description="Class of the machine, 1 to 3")
    maker: str | None = Field(None, description="Maker")
    age_years: float | None = Field(None, ge=0, le=60, description="Age, years")
    overhauled: bool | None = Field(None, description="Overhauled this year")
    load: float = Field(gt=0, le=150, description="Load, % of nominal")


class Example(Record):
    """A machine at the end of a shift."""

    failure: bool = Field(description="Failed during the shift")


TARGET = "failure"
TIME: str | None = None
'''

ORDERS_SCHEMA = '''"""The one contract: what a record is, and what is predicted from it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A bakery in the evening, before it bakes for tomorrow."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    weekday: Literal[1, 2, 3, 4, 5, 6, 7] = Field(description="Day of the week, Monday is 1")
    sold_last_week: int | None = Field(None, ge=0, description="Loaves sold a week ago")


class Example(Record):
    """A bakery a day later."""

    day: date = Field(description="Day")
    sold: int = Field(ge=0, description="Loaves sold")


TARGET = "sold"
TIME: str | None = "day"
'''


def machines():
    """Make 600 machines: semicolons, odd headers, yes and no, many makers, gaps."""
    chance = random.Random(1)
    yield "Class;Maker;Age (years);Overhauled?;Load;Serial No;Failure"
    for n in range(600):
        age, load = chance.uniform(0, 40), chance.uniform(20, 140)
        fails = age * 2 + load + chance.gauss(0, 20) > 130
        gaps = [f"Maker No {chance.randint(1, 80)}", f"{age:.1f}"]
        row = [cell if chance.random() > 0.08 else "?" for cell in gaps]
        row = [chance.randint(1, 3), *row, chance.choice(["yes", "no", "NA"]), f"{load:.2f}"]
        yield ";".join(map(str, [*row, f"S{n}", "Yes" if fails else "No"]))


def orders():
    """Make 400 days of a bakery, in time order, with whole numbers."""
    chance, sold = random.Random(2), []
    yield "Day\tWeekday\tSold last week\tSold"
    for n in range(400):
        sold.append(80 + 30 * (n % 7 == 5) + n // 10 + chance.randint(0, 40))
        day = f"{2024 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}"
        yield f"{day}\t{n % 7 + 1}\t{sold[n - 7] if n >= 7 else ''}\t{sold[n]}"


@pytest.mark.parametrize(
    ("sample", "rows", "schema"),
    [("penguins", machines, MACHINES_SCHEMA), ("delays", orders, ORDERS_SCHEMA)],
    ids=["machines", "orders"],
)
def test_your_own_data_need_a_file_and_a_schema(bake, free_ports, sample, rows, schema):
    """Do exactly what docs/YOUR_DATA.md says, with data that the samples do not resemble."""
    project = bake(sample=sample)
    (project.path / "data/sample.csv").write_text("\n".join(rows()) + "\n", encoding="utf-8")
    (project.path / "src/app/schema.py").write_text(schema, encoding="utf-8")

    stale = project.run("poe", "check")
    assert stale.returncode == 1
    assert "run `uv run poe openapi`" in stale.stderr
    project.poe("openapi")
    project.poe("data")
    project.poe("check")
    project.poe("test", "--deselect", "tests/test_pipeline.py::test_the_same_file_runs_here")
    answer = demo(project, free_ports)

    expected = bool if rows is machines else float
    assert type(answer["predictions"][0]["prediction"]) is expected
