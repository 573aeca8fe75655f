"""What a project holds for each answer, exactly, and in which state it is handed over."""

import json
import re
import shutil
import subprocess

import pytest
from conftest import TEMPLATE, named
from stencil import project

from mlsd.engine.rendering import answers_of

MINIMAL = {"licence": "none", "serving_mode": "batch"}
MAXIMAL = {
    "data_store": "Firestore",
    "sample": "delays",
    "licence": "Apache-2.0",
    "golden_signals": "yes",
    "online_experiments": "yes",
    "asynchronous_serving": "yes",
    "kubernetes": "yes",
    "triton": "yes",
    "optimisation": "yes",
    "python_version": "3.13",
    "serving_mode": "both",
}
ANSWERS = [
    pytest.param({}, id="default"),
    pytest.param(MINIMAL, id="minimal"),
    pytest.param(MAXIMAL, id="maximal"),
    pytest.param({"sample": "delays"}, id="delays"),
    pytest.param({"data_store": "Firestore"}, id="firestore"),
    pytest.param({"data_store": "Cloud Storage"}, id="cloud-storage"),
    pytest.param({"licence": "Apache-2.0"}, id="apache"),
    pytest.param({"api_framework": "Connexion"}, id="connexion"),
    pytest.param({"serving_mode": "online"}, id="online"),
    pytest.param({"serving_mode": "batch"}, id="batch"),
    pytest.param({"golden_signals": "yes"}, id="golden-signals"),
    pytest.param({"online_experiments": "yes"}, id="experiments"),
    pytest.param({"asynchronous_serving": "yes"}, id="jobs"),
    pytest.param({"kubernetes": "yes"}, id="kubernetes"),
    pytest.param({"triton": "yes"}, id="triton"),
    pytest.param({"optimisation": "yes"}, id="optimisation"),
    pytest.param({"python_version": "3.12"}, id="python-3.12"),
    pytest.param({"until_sprint": "2"}, id="sprint-2"),
    pytest.param({"until_sprint": "3"}, id="sprint-3"),
    pytest.param({"until_sprint": "4"}, id="sprint-4"),
    pytest.param(MAXIMAL | {"until_sprint": "3"}, id="maximal-sprint-3"),
]


@pytest.mark.parametrize("answers", ANSWERS)
def test_a_project_is_what_the_template_renders_in_memory(bake, answers):
    made, wanted = bake(**answers), project(**answers)

    assert made.files() == wanted.keys() | {".cruft.json"}
    for path, file in wanted.items():
        assert (made.path / path).read_bytes() == file.content, path


@pytest.mark.parametrize(
    ("answer", "choice", "word"),
    [
        ("online_experiments", "yes", "challenger_share"),
        ("asynchronous_serving", "yes", "post /jobs"),
        ("kubernetes", "yes", "kubectl"),
        ("triton", "yes", "tritonclient"),
        ("optimisation", "yes", "app.optimisation"),
        ("optimisation", "yes", "optimisation.md"),
        ("golden_signals", "yes", "views/signals"),
        ("api_framework", "Connexion", "connexion"),
        ("api_framework", "Connexion", "uvicorn"),
    ],
)
def test_no_word_of_an_option_is_left(bake, answer, choice, word):
    def speaks(project):
        texts = {
            name: (project.path / name).read_text(encoding="utf-8") for name in project.files()
        }
        return [name for name, text in texts.items() if word in text.lower()]

    assert not speaks(bake())
    assert speaks(bake(**{answer: choice}))


@pytest.mark.parametrize("answers", ANSWERS)
def test_no_word_of_the_unchosen_is_left(bake, answers):
    project = bake(**answers)
    words = {"penguins": ["penguin", "culmen"], "delays": ["airport", "nycflights"]}
    unchosen = "penguins" if answers.get("sample") == "delays" else "delays"
    named = {"README.md", ".cruft.json", "pyproject.toml", "terraform/project.tfvars"}  # an answer
    named |= {"docs/GITFLOW.md", "docs/PROJECT_CARD.md"}

    store = answers.get("data_store", "BigQuery")
    stores = {"BigQuery": ["bigquery", "bq_"], "Firestore": ["firestore"]}
    for word in [word for other in stores if other != store for word in stores[other]]:
        for name in [n for n in project.files() if n.startswith(("src/", "tests/"))]:
            text = (project.path / name).read_text(encoding="utf-8").lower()
            assert word not in text, f"{name} speaks of {word}"
        packages = (project.path / "pyproject.toml").read_text(encoding="utf-8").lower()
        assert f"cloud-{word}" not in packages
    for name in project.files() - named:
        text = (project.path / name).read_text(encoding="utf-8").lower()
        for word in words[unchosen]:
            assert word not in text, f"{name} speaks of {unchosen}"


@pytest.mark.parametrize("answers", ANSWERS)
def test_no_placeholder_is_left(bake, answers):
    project = bake(**answers)

    for name in project.files() - {".cruft.json"}:
        text = (project.path / name).read_text(encoding="utf-8")
        assert "cookiecutter" not in text, name
        if not name.endswith(".html") and not name.startswith(".github/workflows/"):
            assert "{{" not in text, name
            assert "{%" not in text, name


def test_the_repository_is_clean_on_develop_beside_main(bake):
    project = bake()

    assert project.git("status", "--porcelain") == ""
    assert project.git("branch", "--format=%(refname:short)").split() == ["develop", "main"]
    assert project.git("symbolic-ref", "--short", "HEAD").strip() == "develop"
    assert len(project.git("log", "--oneline").splitlines()) == 1


def test_the_answers_and_the_version_are_recorded(bake):
    project = bake(**MAXIMAL)

    record = json.loads((project.path / ".cruft.json").read_text(encoding="utf-8"))

    answers = record["context"]["cookiecutter"]
    asked = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    assert {name for name in asked if not name.startswith("_")} <= set(answers)
    given = named(MAXIMAL)
    assert {name: answers[name] for name in given} == given
    assert answers["_version"] == asked["_version"]
    assert record["template"]
    assert str(project.path) not in json.dumps(record)


def test_a_record_renders_the_same_project_again(bake):
    first = bake(**MAXIMAL, description='with "quotes" and \\ and 🐧')
    record = json.loads((first.path / ".cruft.json").read_text(encoding="utf-8"))
    answers = {n.lstrip("_"): value for n, value in answers_of(record).items()}

    again = bake(**answers)

    for name in first.files():
        assert (again.path / name).read_bytes() == (first.path / name).read_bytes(), name


def test_no_word_of_the_other_server_is_left(bake):
    project = bake(api_framework="Connexion")
    for name in project.files():
        text = (project.path / name).read_text(encoding="utf-8").lower()
        assert not {"gunicorn", "waitress"} & set(re.findall(r"\w+", text)), name


def test_the_core_is_the_same_in_every_project(bake):
    default, other = bake(), bake(**MAXIMAL, project_name="Something Else")
    core = {n for n in default.files() if n.startswith(("src/", "tests/", "scripts/"))}

    for name in core - {
        "scripts/cloud.py",
        "scripts/costs.py",
        "scripts/load.py",
        "scripts/shell.py",
        "src/app/__init__.py",
        "src/app/schema.py",
        "src/app/api/openapi.yaml",
        "src/app/api/__init__.py",
        "src/app/api/serving.py",
        "src/app/dashboard/main.py",
        "src/app/storage/cloud.py",
        "src/app/storage/cloud_appends.py",
        "tests/storage/cloud_store.py",
    }:
        assert (other.path / name).read_bytes() == (default.path / name).read_bytes(), name


def test_generation_works_without_git(bake, monkeypatch, tmp_path, capfd):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    project = bake()

    assert not (project.path / ".git").exists()
    assert (project.path / "src/app/schema.py").exists()
    assert "git was not found" in capfd.readouterr().out


def test_generation_needs_no_network(bake):
    if not shutil.which("unshare"):
        pytest.skip("unshare, which takes the network away, is not installed")
    code = "import sys; from cookiecutter.main import cookiecutter as c; "
    code += f"c({str(TEMPLATE)!r}, no_input=True, output_dir=sys.argv[1])"
    folder = bake().path.parent / "offline"
    command = ["unshare", "--user", "--net", "--map-root-user", "python", "-c", code, str(folder)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert any(folder.iterdir())


def test_the_next_commands_are_printed(bake, capfd):
    bake()

    printed = capfd.readouterr().out
    assert "uv run poe demo" in printed
    assert printed.isascii(), "not every terminal prints more than ASCII"


def test_no_two_files_of_tests_have_one_name(bake):
    """pytest imports them by their names alone."""
    paths = [path for path in bake(**MAXIMAL).files() if "/test_" in path]
    names = [path.rpartition("/")[2] for path in paths]

    assert sorted(names) == sorted(set(names))
