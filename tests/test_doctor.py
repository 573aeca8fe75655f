"""The doctor: what it finds wrong, and what it says of a pasted error; without a cloud."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from zipfile import ZipFile

import pytest
from conftest import STENCIL
from google.oauth2.credentials import Credentials

from mlsd import doctor, explain

PROJECT = "example-project-123"
DISABLED = (
    "BigQuery API has not been used in project 123456789012 before or it is disabled. Enable it "
    "by visiting https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Stand in a project of which the cloud is not known yet."""
    record = {"context": {"cookiecutter": {"data_store": "BigQuery"}}}
    (tmp_path / ".cruft.json").write_text(json.dumps(record), encoding="utf-8")
    for name in ("APP_ENV", "GCS_BUCKET", "BQ_DATASET", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GCP_PROJECT_ID", PROJECT)
    monkeypatch.setenv("GCP_REGION", "europe-west1")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return tmp_path


@pytest.fixture
def google(monkeypatch):
    """Answer as Google Cloud does, by path; faults cannot be had from an emulator."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        yield answers
        server.shutdown()


BUCKET = f"/storage/v1/b/{PROJECT}-dev"
DATASET = f"/bigquery/v2/projects/{PROJECT}/datasets/ml_dev"


def test_a_laptop_needs_nothing(project, capsys):
    assert doctor.examine(project) == 0
    assert "nothing of Google Cloud is used" in capsys.readouterr().out


@pytest.mark.parametrize("record", [None, "{}", "not json"])
def test_another_folder_is_told(project, capsys, record):
    (project / ".cruft.json").unlink()
    if record:
        (project / ".cruft.json").write_text(record, encoding="utf-8")

    assert doctor.examine(project, "dev") == 1
    assert "go to your project's folder" in capsys.readouterr().out


def test_no_login_is_told_with_the_command(project, capsys, monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)

    assert doctor.examine(project, "dev") == 1
    assert "do: gcloud auth application-default login" in capsys.readouterr().out


def test_a_name_instead_of_an_id_is_told(project, google, capsys, monkeypatch):
    monkeypatch.setenv("GCP_PROJECT_ID", "My First Project")

    assert doctor.examine(project, "dev") == 1
    assert "WRONG  project: My First Project" in capsys.readouterr().out


def test_what_does_not_exist_is_told_with_the_command_that_makes_it(project, google, capsys):
    assert doctor.examine(project, "dev") == 1
    printed = capsys.readouterr().out
    for place in (f"bucket {PROJECT}-dev", "data set ml_dev"):
        assert re.search(rf"{place}: does not exist\n +do: uv run poe cloud-up dev\n", printed)


def test_a_disabled_api_and_a_wrong_location_are_told(project, google, capsys):
    google[BUCKET] = (200, {"location": "US"})
    google[DATASET] = (403, {"error": {"message": DISABLED}})

    assert doctor.examine(project, "dev") == 1
    printed = capsys.readouterr().out
    assert f"WRONG  bucket {PROJECT}-dev: in US" in printed
    assert "do: gcloud services enable" in printed


def test_when_all_is_right_the_exit_code_is_zero(project, google, capsys, monkeypatch):
    if not shutil.which("gcloud"):
        pytest.skip("gcloud is not installed")
    monkeypatch.setenv("CLOUDSDK_CORE_ACCOUNT", "ada@example.com")
    monkeypatch.setenv("CLOUDSDK_CORE_PROJECT", PROJECT)
    google[BUCKET] = (200, {"location": "EUROPE-WEST1"})
    google[DATASET] = (200, {"location": "europe-west1"})

    code = doctor.examine(project, "dev")

    printed = capsys.readouterr().out
    assert code == 0, printed
    assert f"gcloud: account ada@example.com, project {PROJECT}" in printed


def test_a_quota_project_that_differs_is_told():
    user = Credentials("token", refresh_token="refresh", quota_project_id="another-project")

    found = doctor._quota_project(user, PROJECT)

    assert not found.right
    assert found.remedy == f"gcloud auth application-default set-quota-project {PROJECT}"


@pytest.mark.parametrize("row", explain.known_errors(), ids=lambda row: row["pattern"][:30])
def test_each_known_error_is_explained_by_its_own_row(row):
    assert explain.find(row["example"]) == row


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("Your default credentials were not found. To set up", "application-default login"),
        ("Reauthentication is needed. Please run gcloud auth", "application-default login"),
        ("403 Permission denied on resource project My First Project.", "GCP_PROJECT_ID"),
        ("The storage.googleapis.com API requires a quota project, which", "set-quota-project"),
        ("Cloud Storage API has not been used in project 123456789012", "gcloud services enable"),
        ("404 Not found: Dataset p:ml_dev was not found in location US", "GCP_REGION"),
        ("404 The specified bucket does not exist.", "uv run poe cloud-up dev"),
        (
            "404 POST http://127.0.0.1:9/upload/storage/v1/b/absent-bucket/o: Not Found",
            "uv run poe cloud-up dev",
        ),
        ("404 Not found: Dataset example-project-123:ml_dev", "uv run poe cloud-up dev"),
        ("404 The database ml-dev does not exist for project p", "uv run poe cloud-up dev"),
        ("403 Permission storage.objects.create denied on resource", "docs/CLOUD_SETUP.md"),
        ("403 Quota exceeded: Your table exceeded quota for imports", "many rows by one call"),
    ],
)
def test_what_a_project_meets_on_google_cloud_is_explained(error, remedy, capsys):
    """A project's own sentence hands the error over to the doctor."""
    assert explain.tell(error) == 0

    assert remedy in capsys.readouterr().out


def quoted_errors():
    """List the errors that begin a row of the project's page."""
    page = (STENCIL / "docs/TROUBLESHOOTING.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)`", page, flags=re.MULTILINE)


@pytest.mark.parametrize("error", quoted_errors(), ids=lambda error: error[:30])
def test_the_doctor_explains_what_the_page_quotes(error):
    assert explain.find(error)


@pytest.mark.parametrize("row", explain.known_errors(), ids=lambda row: row["pattern"][:30])
def test_the_page_has_a_row_for_what_the_doctor_explains(row):
    assert row in [explain.find(error) for error in quoted_errors()]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Error 429: Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of "
         "service 'serviceusage.googleapis.com'", "Wait a minute"),
        ("Quota exceeded for total allowable CPU per project per region. (code 429)",
         "Cloud Run gives a project"),
        ("google.api_core.exceptions.ResourceExhausted: 429 Quota exceeded.", "does not say which"),
        ("code=RESOURCE_EXHAUSTED, message=The following quota metrics exceed quota limits: "
         "aiplatform.googleapis.com/custom_model_training_cpus", "uv run poe pipeline"),
        ("Error creating WorkloadIdentityPool: googleapi: Error 409: Requested entity already "
         "exists", "Set `pool` to another name"),
        ("Error creating Dataset: googleapi: Error 409: Already Exists: Dataset p:ml_dev",
         "import ADDRESS ID"),
        ("PUT https://api.github.com/repos/a/b/environments/dev: 404 Not Found []", "GitHub Pro"),
        ("PUT https://api.github.com/repos/a/b/environments/dev: 422 Fail to create protected "
         "rule, please ensure billing plan include protected branch gate. []", "GitHub Pro"),
        ("OSError: [Errno 98] Address already in use", "PORT=8081"),
        ("[WinError 10048] Only one usage of each socket address (protocol/network address/port) "
         "is normally permitted", "PORT=8081"),
        ("error during connect: open //./pipe/dockerDesktopLinuxEngine: The system cannot find "
         "the file specified.", "Docker Desktop"),
    ],
)  # fmt: skip
def test_errors_that_look_alike_are_told_apart(error, words, capsys):
    assert explain.tell(error) == 0

    assert words in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_env_file_of_notepad_or_powershell_is_explained(tmp_path, encoding):
    settings = '[tool.poe]\nenvfile = ".env"\n[tool.poe.tasks]\nnothing = "python --version"\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    (tmp_path / ".env").write_text("APP_ENV=dev", encoding=encoding)
    command = [sys.executable, "-m", "poethepoet", "-C", str(tmp_path), "nothing"]

    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert "wrote .env with a mark" in explain.find(said)["cause"]


@pytest.fixture
def mirror(tmp_path):
    """Serve an index of packages that says of none when it was uploaded."""
    folder = tmp_path / "mirror/simple/example-package"
    folder.mkdir(parents=True)
    name = "example_package-1.0-py3-none-any.whl"
    (folder / "index.html").write_text(f'<a href="{name}">{name}</a>', encoding="utf-8")
    with ZipFile(folder / name, "w") as wheel:
        about = "Metadata-Version: 2.1\nName: example-package\nVersion: 1.0\n"
        wheel.writestr("example_package-1.0.dist-info/METADATA", about)
        wheel.writestr("example_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("example_package-1.0.dist-info/RECORD", "")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "mirror")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def test_the_way_around_an_index_without_upload_times_works(tmp_path, mirror, monkeypatch):
    for name in [name for name in os.environ if name.startswith("UV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "uv").mkdir()
    project = '[project]\nname = "p"\nversion = "0"\ndependencies = ["example-package"]\n'
    project += '[tool.uv]\nexclude-newer = "2026-11-24"\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    page = (STENCIL / "docs/TROUBLESHOOTING.md").read_text(encoding="utf-8")
    lines = page.partition("### An index without upload times")[2].split("```")[1]
    settings = re.sub('url = ".*"', f'url = "{mirror}"', lines)

    def lock(settings):
        (tmp_path / "uv/uv.toml").write_text(settings, encoding="utf-8")
        command = ["uv", "lock", "--python", sys.executable]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    refused = lock(settings.replace("exclude-newer = false", ""))
    done = lock(settings)

    assert refused.returncode != 0
    assert "does not say when packages were uploaded" in explain.find(refused.stderr)["cause"]
    assert done.returncode == 0, done.stderr
    assert mirror in (tmp_path / "uv.lock").read_text(encoding="utf-8")


def test_an_unknown_error_is_not_explained(capsys):
    assert explain.tell("the moon is full") == 1
    assert "not known here" in capsys.readouterr().out
