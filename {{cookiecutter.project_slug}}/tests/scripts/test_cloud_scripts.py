"""Releases: a bad revision gets no requests, the former one all. Clouds: made, removed."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cloud
import pytest
import release
from shell import Shell

from app.errors import AppError, ConfigError

pytestmark = [pytest.mark.service, pytest.mark.unit]

DIGEST = "sha256:0123"


class Recorder:
    """Keeps the commands, as no Cloud Run answers here, and tells what Google would."""

    rehearsal = False

    def __init__(self, told):
        self.told, self.commands = told, []

    def run(self, *command):
        self.commands.append(" ".join(command))

    def tell(self, text):
        self.commands.append(text)

    def read(self, *command, otherwise=None, **_):
        self.commands.append(" ".join(command))
        found = next(
            (told for words, told in self.told.items() if words in self.commands[-1]), None
        )
        return otherwise or "" if found is None else found


@pytest.fixture
def serve():
    """Serve answers over HTTP: `codes` maps a path to its code; paths asked are kept."""
    servers = []

    def started(**codes):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name # the library calls it so
                asked.append(self.path)
                self.send_response(codes.get(self.path.strip("/"), 200))
                self.end_headers()
                self.wfile.write(b'{"status": "ready"}')

            def do_POST(self):  # pylint: disable=invalid-name # the same
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *arguments):
                """Keep the tests' output quiet."""

        asked = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", asked

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def google(monkeypatch):
    """Make a cloud whose service stands at one address and its new revision at another."""
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("GCP_REGION", "europe-west1")
    monkeypatch.setenv("CANARY_SECONDS", "0")

    def made(service, tagged):
        traffic = [{"revisionName": "former", "percent": 100}, {"tag": "next", "url": tagged}]
        status = json.dumps({"status": {"url": service, "traffic": traffic}})
        return release.Cloud(
            Recorder({"services describe": status, "images describe": DIGEST}), "dev"
        )

    return made


def shifts(made):
    moved = [line.split(" ")[5] for line in made.shell.commands if "update-traffic" in line]
    assert moved[0] == "--set-tags=next=LATEST"
    return moved[1:]


def test_a_good_revision_gets_some_requests_and_then_all(google, serve):
    (service, asked), (tagged, asked_alone) = serve(), serve()
    made = google(service, tagged)

    release.release(made, "api", "image@digest")

    assert shifts(made) == ["--to-tags=next=10", "--to-tags=next=50", "--to-latest"]
    assert asked_alone == ["/health", "/ready", "/predict"]
    assert asked.count("/predict") == 2
    deployed = next(line for line in made.shell.commands if " deploy " in line)
    assert "--no-traffic" in deployed
    assert "--tag" not in deployed, "it would name the revision, and Terraform collide with it"


@pytest.mark.parametrize("path", ["health", "ready", "predict"])
def test_a_bad_revision_gets_no_request(google, serve, path):
    made = google(serve()[0], serve(**{path: 500})[0])

    with pytest.raises(AppError, match=f"/{path} does not answer well"):
        release.release(made, "api", "image@digest")

    assert shifts(made) == ["--to-revisions=former=100"]


def test_a_revision_that_fails_under_requests_is_taken_back(google, serve):
    made = google(serve(predict=503)[0], serve()[0])

    with pytest.raises(AppError, match="503"):
        release.release(made, "api", "image@digest")

    assert shifts(made) == ["--to-tags=next=10", "--to-revisions=former=100"]


def test_a_release_that_is_stopped_is_taken_back(google, serve, monkeypatch):
    made = google(serve()[0], serve()[0])

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(release, "watch", stop)

    with pytest.raises(KeyboardInterrupt):
        release.release(made, "api", "image@digest")

    assert shifts(made) == ["--to-revisions=former=100"]


def test_before_the_first_champion_health_is_enough(google, serve):
    made = google(serve(ready=503)[0], serve(ready=503, predict=503)[0])

    release.release(made, "api", "image@digest")

    assert shifts(made)[-1] == "--to-latest"


def test_an_image_is_built_once_for_the_same_files(google):
    made = google("", "")

    assert release.build(made, "api").endswith(f"/images/api@{DIGEST}")

    assert not [line for line in made.shell.commands if "docker build" in line]
    made.shell.told = {}
    release.build(made, "api")
    assert [line for line in made.shell.commands if "docker build --platform=linux/amd64" in line]


def test_files_that_are_in_no_commit_are_not_released(google):
    made = google("", "")
    made.shell.told = {"git status": " M src/app/training/train.py"}

    with pytest.raises(AppError, match=r"commit or undo .*\n M src/app/training/train.py"):
        release.to_environment(made)

    assert len(made.shell.commands) == 1


def test_what_is_left_after_a_teardown_is_told(monkeypatch):
    monkeypatch.setattr(cloud, "_SEARCH_SECONDS", -1)
    left = [
        {"assetType": "run.googleapis.com/Service", "name": "//run/services/api-dev"},
        {"assetType": "run.googleapis.com/Service", "name": "//run/services/api-prd"},
    ]

    with pytest.raises(AppError, match="api-dev is left: while it answers") as told:
        cloud.down(Recorder({"asset": json.dumps(left)}), "example-project-123", "dev")

    assert "prd" not in str(told.value)


def test_what_is_protected_is_not_touched():
    shell = Recorder({"asset": "[]"})

    for env in ("prd", "everything"):
        with pytest.raises(ConfigError, match="prd is protected, .* write `protected = false`"):
            cloud.down(shell, "example-project-123", env)

    assert not shell.commands


def test_a_teardown_that_runs_again_finds_no_state_and_proves_all_the_same():
    shell = Recorder({"asset": "[]"})

    cloud.down(shell, "example-project-123", "dev")

    assert not [line for line in shell.commands if line.startswith("terraform")]


def test_a_teardown_ends_with_the_proof():
    shell = Recorder({"asset": "[]", "describe": "the bucket"})

    cloud.down(shell, "example-project-123", "dev")

    assert any("destroy" in line for line in shell.commands)
    assert shell.commands[-1] == "\nNothing of dev is left that costs."


def test_a_state_is_kept_where_nobody_loses_it():
    shell = Recorder({"billing": "billingAccounts/01ABCD-23EF45-67890A"})

    cloud.up(shell, "example-project-123", "europe-west1", "dev")

    made = [n for n, line in enumerate(shell.commands) if "buckets create" in line]
    used = [n for n, line in enumerate(shell.commands) if line.startswith("terraform")]
    assert made[0] < used[0]
    assert any("-var=billing_account=01ABCD-23EF45-67890A" in line for line in shell.commands)


def test_a_project_without_a_billing_account_is_told():
    with pytest.raises(ConfigError, match="no billing account: link the one with the credits"):
        cloud.up(Recorder({}), "example-project-123", "europe-west1", "dev")


def test_a_program_that_is_missing_is_told_with_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AppError, match="terraform is not installed: https://"):
        Shell(rehearsal=False).run("terraform", "init")
