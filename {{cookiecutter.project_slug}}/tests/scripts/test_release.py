"""Releases: a bad revision gets no requests, the former one all."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import release

from app.errors import AppError

pytestmark = [pytest.mark.service, pytest.mark.unit]

DIGEST = "sha256:0123"


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
def google(monkeypatch, recorder):
    """Make a cloud whose service stands at one address and its new revision at another."""
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("GCP_REGION", "europe-west1")
    monkeypatch.setenv("CANARY_SECONDS", "0")

    def made(service, tagged):
        traffic = [{"revisionName": "former", "percent": 100}, {"tag": "next", "url": tagged}]
        status = json.dumps({"status": {"url": service, "traffic": traffic}})
        return release.Cloud(
            recorder({"services describe": status, "images describe": DIGEST}), "dev"
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
    made.shell.answers = {}
    release.build(made, "api")
    assert [line for line in made.shell.commands if "docker build --platform=linux/amd64" in line]


def test_files_that_are_in_no_commit_are_not_released(google):
    made = google("", "")
    made.shell.answers = {"git status": " M src/app/training/train.py"}

    with pytest.raises(AppError, match=r"commit or undo .*\n M src/app/training/train.py"):
        release.to_environment(made)

    assert len(made.shell.commands) == 1
