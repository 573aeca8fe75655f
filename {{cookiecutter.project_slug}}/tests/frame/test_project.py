"""The shape of the project: who imports whom, what the docs name, how settings are read."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import leftovers
import pytest

import app
from app import ROOMS
from app.__main__ import run_all_but
from app.config import load_cloud, read_count
from app.errors import AppError, ConfigError
from app.registry import versions

pytestmark = [pytest.mark.code, pytest.mark.unit]

PACKAGE = Path("src/app")


def imports_of(path):
    """Give the modules of `app` that a file imports, such as `storage` or `data.split`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "app":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            inside = node.module.removeprefix("app.")
            yield from (f"{inside}.{alias.name}" for alias in node.names)


def room_of(name):
    """Give the place of a room in the order of the rooms; what stands beside them is before all."""
    room = name.split(".")[0]
    return ROOMS.index(room) if room in ROOMS else -1


def test_a_room_imports_only_rooms_above_it():
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE).with_suffix("").parts
        for imported in imports_of(path):
            allowed = room_of(imported) <= room_of(inside[0])
            assert allowed, f"{path} imports {imported}, which is not above {inside[0]}"


# >>> sprint >= 3
def test_other_rooms_know_only_the_client_of_the_api():
    for path in PACKAGE.rglob("*.py"):
        from_api = {name.split(".")[1] for name in imports_of(path) if name.startswith("api.")}
        assert path.is_relative_to(PACKAGE / "api") or from_api <= {"client"}, path


# <<<
def test_nothing_stands_beside_the_rooms_but_the_frame_and_what_is_yours():
    beside = {path.stem for path in PACKAGE.iterdir()} - set(ROOMS) - {"__pycache__"}

    frame = {"__init__", "__main__", "errors", "config", "logs", "docs_page"}
    assert beside - {"features"} == frame | {"schema"}  # features.py: what a team derives


def test_the_docstring_names_the_rooms_in_their_order():
    assert tuple(re.findall(r"^(\w+)/", app.__doc__, flags=re.MULTILINE)) == ROOMS
    for room in ROOMS:
        described = import_module(f"app.{room}").__doc__
        modules = {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__", "__main__"}
        assert all(f"`{name}`" in described for name in modules), f"{room}: {modules}"


def test_every_stage_and_command_has_its_function():
    for room in ROOMS:
        declared = import_module(f"app.{room}")
        for door in (getattr(declared, "STAGES", {}) | getattr(declared, "COMMANDS", {})).values():
            module, function = door.split(":")
            text = (PACKAGE / room / f"{module}.py").read_text(encoding="utf-8")
            assert f"\ndef {function}(" in text, f"{room}: {door}"


# >>> sprint >= 3
@pytest.mark.usefixtures("champion")
def test_a_laptop_predicts_and_stores_without_what_is_large_and_reads_without_arrow():
    heavy = ("duckdb", "pandas", "pyarrow", "sklearn", "skl2onnx")
    code = (
        "import sys, app.api.server; from app.api import observe, serving; "
        "from app.contract import columns; observe.begin(); "
        "serving.Serving().answer([columns.example_record()]); "
        f"print([m for m in {heavy} if m in sys.modules]); "
        "from app.history import predictions; assert predictions.latest(9); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "['duckdb']"]


# <<<
def test_all_but_runs_the_other_stages_in_order_and_hands_facts_on():
    # >>> sprint >= 4
    run_all_but("deploy", "batch")
    # <<<
    # >>> sprint < 4
    run_all_but()
    # <<<

    champion = versions.champion().version
    assert champion == versions.newest()
    with pytest.raises(ConfigError, match="all-but fly: the stages are ingest, validate, train"):
        run_all_but("fly")


def test_every_command_and_path_in_the_docs_exists():
    tasks = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["poe"][
        "tasks"
    ]
    for page in [Path("README.md"), *Path("docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for task in re.findall(r"uv run poe ([a-z][a-z0-9-]*)", text):
            assert task in tasks, f"{page} names the task {task}"
        for path in re.findall(
            r"`((?:src|docs|data|tests|scripts|terraform|\.github)/[\w./-]*)`", text
        ):
            made = path.startswith(("docs/figures", "docs/EDA", "docs/RUNS"))
            made = made or path.startswith("docs/DRIFT")  # >>> sprint >= 6
            assert made or Path(path).exists(), f"{page} names {path}"


def test_the_walkthrough_explains_every_file_and_no_other():
    text = Path("docs/WALKTHROUGH.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(src/app/[^`]+)` \|", text, flags=re.MULTILINE)
    kept = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".yaml", ".html", ".md")]
    doors = [PACKAGE / room / "__init__.py" for room in ROOMS]  # each explains itself

    assert sorted(explained) == sorted(path.as_posix() for path in set(kept) - set(doors))
    assert re.findall(r"^## (\w+)/$", text, flags=re.MULTILINE) == list(ROOMS)


def test_the_project_is_whole():
    assert not Path("variants").exists(), "generated without hooks: generate it again, accept them"


def test_a_wrong_environment_is_named(monkeypatch):
    monkeypatch.setenv("APP_ENV", "moon")

    with pytest.raises(ConfigError, match="APP_ENV='moon' is not one of local, dev"):
        load_cloud()


@pytest.mark.parametrize("project", ["", "My First Project", "123456789", "short"])
def test_a_project_is_named_by_its_id(monkeypatch, project):
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", project)

    with pytest.raises(ConfigError, match=f"GCP_PROJECT_ID='{project}' is not the id"):
        load_cloud()


def test_a_count_is_a_whole_number(monkeypatch):
    monkeypatch.setenv("COUNT", "1e9")

    with pytest.raises(ConfigError, match="COUNT='1e9' is not a whole number"):
        read_count("COUNT", "5")


def test_environments_differ_only_by_variables(monkeypatch):
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    clouds = {}
    for app_env in ("dev", "tst", "acc", "prd"):
        monkeypatch.setenv("APP_ENV", app_env)
        clouds[app_env] = load_cloud()

    assert {cloud.bucket for cloud in clouds.values()} == {
        f"example-project-123-{app_env}" for app_env in clouds
    }
    assert {cloud.region for cloud in clouds.values()} == {"europe-west1"}


@pytest.mark.parametrize("name", ["K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_ML_JOB_ID"])
def test_a_laptop_store_is_refused_on_google_cloud(monkeypatch, name):
    monkeypatch.setenv(name, "anything")

    with pytest.raises(ConfigError, match=f"{name} says that this runs on Google Cloud"):
        load_cloud()


def test_a_pod_must_say_where_it_stores(monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.delenv("APP_ENV", raising=False)

    with pytest.raises(ConfigError, match=r"APP_ENV is not set, but KUBERNETES_SERVICE_HOST says"):
        load_cloud()

    monkeypatch.setenv("APP_ENV", "local")
    assert load_cloud() is None, "with a disk of its own, which it was given"


def test_a_laptop_imports_nothing_of_google():
    names = ["data.ingest", "training.evaluate", "reports.facts", "storage"]
    code = (
        f"import sys, importlib; [importlib.import_module('app.' + name) for name in {names}]; "
        "from app.storage import open_storage; open_storage().keys(); "
        "print([name for name in sys.modules if name.split('.')[0] in ('google', 'grpc')])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = [name for name in ast.literal_eval(done.stdout) if "protobuf" not in name]
    assert set(loaded) <= {"google", "google.cloud", "google._upb", "google._upb._message"}, loaded


def run(*command):
    full = [sys.executable, "-m", "app", *command]
    return subprocess.run(full, capture_output=True, text=True, check=False)


def test_an_error_is_printed_without_a_traceback(monkeypatch):
    monkeypatch.setenv("DATA_SOURCE", "absent.csv")

    done = run("data")

    assert done.returncode == 1
    assert "absent.csv cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_named():
    assert "usage:" in run("fly").stderr


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("page.md", "<<<<<<< yours\n", "page.md holds the marks of a conflict"),
        ("page.md", "text\n>>>>>>> new template\n", "page.md holds the marks of a conflict"),
        ("page.md.rej", "text\n", "page.md.rej is a change that was not applied"),
    ],
)
def test_what_a_merge_left_behind_is_refused(tmp_path, monkeypatch, name, text, told):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    leftovers.main()
    Path(name).write_text(text, encoding="utf-8")

    with pytest.raises(AppError, match=told):
        leftovers.main()
