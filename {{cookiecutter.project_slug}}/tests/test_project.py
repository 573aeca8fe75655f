"""The shape of the project: who imports whom, what the docs name, how settings are read."""

import ast
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import app
from app.config import load_settings, read_count, require_free_port
from app.errors import ConfigError

pytestmark = [pytest.mark.code, pytest.mark.unit]

PACKAGE = Path("src/app")


def imports_of(path):
    """Give the modules of `app` that a file imports, such as `storage` or `api.errors`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "app":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            yield node.module.removeprefix("app.")


def lines_of_the_map():
    """Read from the package's docstring which room is on which line."""
    rooms = app.__doc__.split("\n\n", 1)[1].splitlines()
    return {room: number for number, line in enumerate(rooms) for room in line.split()}


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def test_a_line_of_the_map_imports_only_from_lines_above_it():
    lines = lines_of_the_map()
    for path in PACKAGE.rglob("*.py"):
        room = room_of(path)
        if room in ("__init__", "__main__"):
            continue
        for imported in imports_of(path):
            other = imported.split(".")[0]
            allowed = other == room or lines[other] < lines[room]
            assert allowed, f"{path} imports {imported}, which is not above {room}"


def test_the_map_names_every_room():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}

    assert rooms == set(lines_of_the_map())


def test_what_serves_needs_neither_pandas_nor_scikit_learn():
    heavy = "[m for m in ('pandas', 'sklearn', 'skl2onnx') if m in sys.modules]"
    code = f"import sys, app.api; print({heavy})"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_command_and_path_in_the_docs_exists():
    tasks = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["poe"][
        "tasks"
    ]
    for page in [Path("README.md"), *Path("docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for task in re.findall(r"uv run poe ([a-z][a-z-]*)", text):
            assert task in tasks, f"{page} names the task {task}"
        for path in re.findall(
            r"`((?:src|docs|data|tests|scripts|terraform|\.github)/[\w./-]*)`", text
        ):
            made = path.startswith(("docs/figures", "docs/EDA", "docs/RUNS", "docs/DRIFT"))
            assert made or Path(path).exists(), f"{page} names {path}"


def test_the_walkthrough_explains_every_file_and_no_other():
    text = Path("docs/WALKTHROUGH.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(src/app/[^`]+)` \|", text, flags=re.MULTILINE)
    kept = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".yaml", ".html")]

    assert sorted(told) == sorted(path.as_posix() for path in kept)


def test_the_project_is_whole():
    assert not Path("variants").exists(), "generated without hooks: generate it again, accept them"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("PORT", "")

    assert load_settings().port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("APP_ENV", "moon"),
        ("API_URL", "api.example"),
        ("API_URL", "https://"),
        ("API_URL", "http://api.example:port"),
        ("API_URL", "ftp://api.example"),
        ("API_URL", "http://[1"),
        ("API_URL", "http://api.example?a=1"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match=re.escape(f"{name}='{value}'")):
        load_settings()


@pytest.mark.parametrize("project", ["", "My First Project", "123456789", "short"])
def test_a_project_is_named_by_its_id(monkeypatch, project):
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", project)

    with pytest.raises(ConfigError, match=f"GCP_PROJECT_ID='{project}' is not the id"):
        load_settings()


def test_a_count_is_a_whole_number(monkeypatch):
    monkeypatch.setenv("COUNT", "1e9")

    with pytest.raises(ConfigError, match="COUNT='1e9' is not a whole number"):
        read_count("COUNT", "5")


def test_environments_differ_only_by_variables(monkeypatch):
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    clouds = {}
    for app_env in ("dev", "tst", "acc", "prd"):
        monkeypatch.setenv("APP_ENV", app_env)
        clouds[app_env] = load_settings().cloud

    assert {cloud.bucket for cloud in clouds.values()} == {
        f"example-project-123-{app_env}" for app_env in clouds
    }
    assert {cloud.region for cloud in clouds.values()} == {"europe-west1"}


@pytest.mark.parametrize("name", ["K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_ML_JOB_ID"])
def test_a_laptop_store_is_refused_on_google_cloud(monkeypatch, name):
    monkeypatch.setenv(name, "anything")

    with pytest.raises(ConfigError, match=f"{name} says that this runs on Google Cloud"):
        load_settings()


def test_a_laptop_imports_nothing_of_google():
    names = ["data", "train", "evaluate", "registry", "batch", "eda", "api", "storage"]
    code = (
        f"import sys, importlib; [importlib.import_module('app.' + name) for name in {names}]; "
        "from app.storage import open_storage; open_storage().keys(); "
        "print([name for name in sys.modules if name.split('.')[0] in ('google', 'grpc')])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = [name for name in ast.literal_eval(done.stdout) if "protobuf" not in name]
    assert set(loaded) <= {"google", "google.cloud", "google._upb", "google._upb._message"}, loaded


def test_a_port_in_use_is_told(api_port):
    with pytest.raises(ConfigError, match=f"port {api_port} is in use"):
        require_free_port("127.0.0.1", api_port, "PORT")


@pytest.fixture
def api_port():
    """Listen on a free port, as another program would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(*command):
    full = [sys.executable, "-m", "app", *command]
    return subprocess.run(full, capture_output=True, text=True, check=False)


def test_an_error_is_told_without_a_traceback(monkeypatch):
    monkeypatch.setenv("DATA_SOURCE", "absent.csv")

    done = run("data")

    assert done.returncode == 1
    assert "absent.csv cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_stage_is_told():
    assert "usage:" in run("fly").stderr
