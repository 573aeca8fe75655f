"""The three images of a project: built, started, asked over HTTP, stopped."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import containers
import pytest
import requests
import yaml
from conftest import find_python

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("containers")]

EXAMPLE = (
    "import json; from app.contract import columns as c; print(json.dumps(c.example_record()))"
)
OPEN_PAGES = """
from pathlib import Path
from streamlit.testing.v1 import AppTest
for page in sorted(Path("/app/src/app/dashboard/views").glob("*.py")):
    opened = AppTest.from_file(str(page), default_timeout=60).run()
    print(page.stem, len(opened.exception), [error.value for error in opened.error])
"""
PACKAGES = {
    ("api", "cloud"): ["flask", "onnxruntime", "google.cloud.bigquery"],
    ("api", "local"): ["flask", "onnxruntime", "duckdb"],
    ("dashboard", "local"): ["pandas", "pyarrow", "streamlit", "onnxruntime", "duckdb"],
    ("pipeline", "local"): [
        "sklearn", "pandas", "pyarrow", "kfp", "vertexai", "onnxruntime", "duckdb",
        "google.cloud.bigquery",
    ],
}  # fmt: skip
"""The pipeline always has clients of Google, because Vertex AI's own needs them."""
USERS = {"api": "1000", "dashboard": "1000", "pipeline": "0"}
"""The pipeline's reason stands in the Dockerfile."""
NAMES = (
    "sklearn", "pandas", "pyarrow", "kfp", "vertexai", "streamlit", "flask", "onnxruntime",
    "duckdb", "google.cloud.bigquery",
)  # fmt: skip
FIND = """
import json, sys
from importlib.util import find_spec
def known(name):
    try:
        return find_spec(name)
    except ModuleNotFoundError:
        return None
print(json.dumps([name for name in sys.argv[1:] if known(name)]))
"""
PLANTED = "planted-71c3e0d5"
SECRETS = ("gha-creds-0123.json", "src/app/key.json", ".env", "data/private.csv", "id.pem")


@pytest.fixture(scope="module")
def project(bake):
    """Generate a project in which somebody left secrets and data."""
    made = bake()
    for name in SECRETS:
        (made.path / name).write_text(PLANTED, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def engine():
    """Find what builds and runs images on this machine."""
    try:
        return containers.find_engine("3.11", find_python("3.11"))
    except containers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def images(project, engine):
    """Build them by target and store; the build's time and the image's size are printed."""
    built = {}
    for target, store in PACKAGES:
        started = time.monotonic()
        built[target, store], size = engine.build(project.path, target, store)
        seconds = time.monotonic() - started
        print(f"figure: image {target} for {store}: {size:.0f} MB, built in {seconds:.0f} s")
    return built


def wait_for(url):
    """Wait until an address answers well; give the seconds."""
    started = time.monotonic()
    while time.monotonic() - started < 60:
        try:
            if requests.get(url, timeout=5).ok:
                return time.monotonic() - started
        except requests.RequestException:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


@pytest.mark.parametrize(("target", "store"), PACKAGES)
def test_an_image_holds_its_own_packages_and_no_secret(engine, images, target, store):
    image = images[target, store]
    assert engine.ask(image, "id", "-u").strip() == USERS[target]
    look = ["grep", "--recursive", "--files-with-matches"]
    look += [PLANTED, "/app", "/home", "/usr/local/etc"]
    found = engine.do("run", "--rm", "--user", "0", image, *look, check=False)
    assert found.stdout == ""
    found = json.loads(engine.ask(image, "python", "-c", FIND, *NAMES))
    assert found == PACKAGES[target, store]


def planted_in(engine, image):
    """List the files of an image that hold the planted secret."""
    look = ["grep", "--recursive", "--files-with-matches", PLANTED, "/app", "/home"]
    return engine.do("run", "--rm", "--user", "0", image, *look, check=False).stdout


def test_without_the_ignore_file_a_secret_would_enter(engine, images, project, tmp_path):
    copy = tmp_path / "unguarded"
    shutil.copytree(project.path, copy)
    (copy / ".dockerignore").unlink()

    image, _ = engine.build(copy, "api", "cloud")

    assert planted_in(engine, image).splitlines() == ["/app/src/app/key.json"]


def test_the_pipeline_has_no_environment_of_its_own(engine, images):
    """Vertex AI starts the Python of the system."""
    ask = "import sys, kfp; print(sys.prefix == sys.base_prefix, sys.prefix)"

    printed = engine.ask(images["pipeline", "local"], "python3", "-c", ask)

    assert printed.strip() == "True /usr/local"


@pytest.mark.parametrize(("user", "code"), [([], 0), (["--user", "1000"], 1)], ids=["own", "1000"])
def test_a_step_may_write_where_kubeflow_lets_it(engine, images, user, code):
    step = [*user, images["pipeline", "local"], "mkdir", "-p", "/gcs/bucket/pipeline"]

    assert engine.do("run", "--rm", *step, check=False).returncode == code


@pytest.fixture
def store(tmp_path):
    """Make a folder that the user of the images may write to: the volume of compose.yaml."""
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o777)
    return f"{folder}:/app/local"


def test_the_system_of_the_compose_file_works(engine, images, project, store, free_ports):
    """Its services in its order, with its commands, volumes, variables, on the host's network."""
    services = yaml.safe_load((project.path / "compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    assert {name: service["build"]["target"] for name, service in services.items()} == {
        "prepare": "pipeline", "api": "api", "dashboard": "dashboard",
    }  # fmt: skip
    assert all(s["build"]["args"] == {"STORE": "local"} for s in services.values())
    assert all(service["volumes"][-1] == "store:/app/local" for service in services.values())
    command = [word.replace("$$", "$") for word in services["prepare"]["command"]]
    data = f"{project.path / 'data'}:/app/data:ro"

    options = ["-v", data, "-v", store, "--user", services["prepare"]["user"]]
    engine.ask(images["pipeline", "local"], *command, options=options)
    port, page = free_ports.values()
    url = f"http://127.0.0.1:{port}"
    with engine.running(images["api", "local"], "-v", store, "-e", f"PORT={port}") as api:
        print(f"figure: api answers after {wait_for(f'{url}/health'):.2f} s")
        assert services["dashboard"]["environment"] == {"API_URL": "http://api:8080"}
        options = ["-v", store, "-e", f"PORT={page}", "-e", f"API_URL={url}"]
        with engine.running(images["dashboard", "local"], *options) as dashboard:
            seconds = wait_for(f"http://127.0.0.1:{page}/_stcore/health")
            print(f"figure: dashboard answers after {seconds:.2f} s")
            assert "<html" in requests.get(f"http://127.0.0.1:{page}", timeout=10).text
            engine.do("exec", api, *engine.health_check(images["api", "local"]))
            engine.do("exec", dashboard, *engine.health_check(images["dashboard", "local"]))
            pages = engine.do("exec", dashboard, "python", "-c", OPEN_PAGES).stdout.splitlines()
            assert len(pages) == 7
            assert all(line.endswith(" 0 []") for line in pages), pages
            record = json.loads(engine.ask(images["pipeline", "local"], "python", "-c", EXAMPLE))
            answer = requests.post(f"{url}/predict", json=record, timeout=30).json()
            assert engine.stop(dashboard)[0] == 0
        code, seconds, log = engine.stop(api)

    assert code == 0, log
    assert seconds < 10
    show = "from app.history import predictions as p; print([row['id'] for row in p.latest(100)])"
    kept = engine.ask(images["pipeline", "local"], "python", "-c", show, options=["-v", store])
    assert answer["predictions"][0]["id"] in kept


def test_one_command_builds_asks_and_measures_an_image(engine, project, free_ports, tmp_path):
    """It calls the engine by its name; a script of that name adds the options needed here."""
    containers.write_script(engine, tmp_path / "docker")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    variables = engine.environment | {"PATH": path, "PORT": free_ports["PORT"]}

    done = project.run("python", "scripts/image.py", **variables)

    figures = r'^api: (\d+) MB; first answer \d+\.\d s after its start: {"'
    found = re.search(figures, done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    assert re.search(r"^\d+\t\./onnxruntime$", done.stdout, re.MULTILINE), done.stdout
    print(f"figure: {done.stdout}")
    assert engine.do("ps", "--all", "--quiet", "--filter", "ancestor=api").stdout == ""


def test_a_container_on_google_cloud_refuses_to_keep_files(engine, images):
    done = engine.do("run", "--rm", "-e", "K_SERVICE=api", images["api", "cloud"], check=False)

    assert done.returncode == 1
    assert "K_SERVICE says that this runs on Google Cloud" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_container_of_a_virtual_machine_answers(engine, images, project, free_ports):
    """With the options of its service, on this machine's network instead of a published port."""
    machine = yaml.safe_load((project.path / "scripts/vm.yaml").read_text(encoding="utf-8"))
    unit = machine["write_files"][0]["content"].replace("\\\n", " ")
    (command,) = re.findall(r"^ExecStart=/usr/bin/docker run (.+)$", unit, re.MULTILINE)
    *options, image = command.split()
    assert image.endswith("-docker.pkg.dev/example-project-123/images/api:dev")
    options = [
        o for o in options if o.partition("=")[0] not in ("--rm", "--name", "--pull", "--publish")
    ]

    port = free_ports["PORT"]
    with engine.running(images["api", "cloud"], *options, "-e", f"PORT={port}") as name:
        wait_for(f"http://127.0.0.1:{port}/health")
        assert engine.do("exec", name, "touch", "/app/x", check=False).returncode == 1


@pytest.mark.parametrize(
    ("broken", "rule"),
    [("", None), ("FROM python\nRUN sudo pip install flask\n", "DL3004")],
    ids=["ours", "broken"],
)
def test_the_linter_of_dockerfiles(project, tmp_path, broken, rule):
    file = tmp_path / "Dockerfile"
    file.write_text(broken or (project.path / "Dockerfile").read_text(encoding="utf-8"))

    done = subprocess.run(["hadolint", str(file)], capture_output=True, text=True, check=False)

    assert done.returncode == int(bool(rule)), done.stdout
    assert not rule or rule in done.stdout


def test_the_compose_file_keeps_the_rules_of_its_format(project):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(project.path / "compose.yaml")], capture_output=True)

    assert done.returncode == 0, done.stdout
