"""Releases: a bad revision gets no requests, the former one all."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import release
from shell import Shell

from app.errors import AppError

pytestmark = [pytest.mark.service, pytest.mark.unit]

DIGEST = "sha256:0123"
LISTED = "100644 blob 4b825dc6\tsrc/app/schema.py"
TREE = hashlib.sha1(LISTED.encode()).hexdigest()


@pytest.fixture
def serve():
    """Serve answers over HTTP: `codes` maps a path to its code; paths asked are kept."""
    servers = []

    def started(trees=(TREE,), **codes):
        trees = list(trees)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name # the library calls it so
                asked.append(self.path)
                path = self.path.strip("/").partition("?")[0]
                code = codes.get(path, 200)
                self.send_response(code.pop(0) if isinstance(code, list) else code)
                self.end_headers()
                tree = trees.pop(0) if len(trees) > 1 else trees[0]
                self.wfile.write(json.dumps({"status": "ready", "tree": tree}).encode())

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
    monkeypatch.setattr(release, "_SETTLE_SECONDS", 3)

    def made(service, tagged):
        traffic = [{"revisionName": "former", "percent": 100}, {"tag": "next", "url": tagged}]
        status = json.dumps({"status": {"url": service, "traffic": traffic}})
        return release.Cloud(
            recorder({"services describe": status, "images describe": DIGEST, "ls-tree": LISTED}),
            "dev",
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
    assert "--to-latest --update-tags=former=former " in made.shell.commands[-1], "for traffic.py"
    assert asked_alone == ["/health", "/health", "/ready", "/predict?keep=false"]
    assert asked.count("/predict?keep=false") == 2
    deployed = next(line for line in made.shell.commands if " deploy " in line)
    assert "--no-traffic" in deployed
    assert "--tag" not in deployed, "it would name the revision, and Terraform collide with it"


@pytest.mark.parametrize("path", ["health", "ready", "predict"])
def test_a_bad_revision_gets_no_request(google, serve, path):
    made = google(serve()[0], serve(**{path: 500})[0])

    with pytest.raises(AppError, match=f"/{path}.* does not answer well"):
        release.release(made, "api", "image@digest")

    assert shifts(made) == ["--to-revisions=former=100"]


def test_a_tag_that_leads_to_the_former_revision_for_a_while_is_waited_for(google, serve):
    tagged, asked = serve(trees=["of the former", TREE], health=[404, 200, 200, 200])
    made = google(serve()[0], tagged)

    release.release(made, "api", "image@digest")

    assert asked[:3] == ["/health"] * 3, "an early 404, then the former, then the new one"
    assert shifts(made)[-1] == "--to-latest"


def test_an_old_image_does_not_pass(google, serve):
    made = google(serve()[0], serve(trees=["of the former"])[0])

    with pytest.raises(AppError, match="does not lead to the new revision: it answers"):
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


def test_a_change_of_what_enters_no_image_builds_nothing(google, tmp_path, monkeypatch):
    """Asked of git itself: what Docker gets is what counts, as .dockerignore says."""
    ignored = Path(".dockerignore").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = google("", "")
    made.shell = Shell(rehearsal=False)
    git = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    made.shell.run("git", "init", "--quiet")

    def commit(**files):
        for name, text in files.items():
            path = Path(name.replace("__", "/").replace("_", "."))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        made.shell.run("git", "add", ".")
        made.shell.run(*git, "commit", "--quiet", "-m", "A change")
        return release.hash_files(made)

    first = commit(**{".dockerignore": ignored, "src__app__a_py": "1", "docs__API_md": "1"})

    assert commit(docs__API_md="2", tests__test_py="2", terraform__api_tf="2") == first
    changed = [commit(src__app__a_py="2"), commit(Dockerfile="3"), commit(uv_lock="4")]
    assert len({first, *changed}) == 4


def test_what_enters_an_image_is_named_and_nothing_else():
    lines = Path(".dockerignore").read_text(encoding="utf-8").splitlines()

    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "or a file could enter that no hash knows"


def test_files_that_are_in_no_commit_are_not_released(google):
    made = google("", "")
    made.shell.answers = {"git status": " M src/app/training/train.py"}

    with pytest.raises(AppError, match=r"commit or undo .*\n M src/app/training/train.py"):
        release.to_environment(made)

    assert len(made.shell.commands) == 1
