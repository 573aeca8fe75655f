"""Asking the API: an identity where it is private, sentences where something else answers."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

import pytest
from google.auth.exceptions import TransportError

from app.api import client
from app.errors import ConfigError, InvalidData

pytestmark = [pytest.mark.service, pytest.mark.unit]

TOKEN = ".".join(["eyJhbGciOiAibm9uZSJ9", "eyJleHAiOiA0MTAyNDQ0ODAwfQ", "c2ln"])
"""Says that it is signed by nobody, and good until 2100."""


@pytest.fixture
def server(monkeypatch):
    """Answer every request in one way, and note what was asked."""

    class Handler(BaseHTTPRequestHandler):
        status, kind, content, by_path = 200, "application/json", "{}", {}
        seen, paths = [], []

        def do_GET(self):  # pylint: disable=invalid-name # the library's
            self.seen.append(dict(self.headers))
            self.paths.append(unquote(self.path))
            self.send_response(self.status)
            found = [text for part, text in self.by_path.items() if part in self.path]
            content = found[0] if found else self.content
            self.send_header("Content-Type", "text/plain" if content == TOKEN else self.kind)
            self.send_header("Metadata-Flavor", "Google")
            self.end_headers()
            self.wfile.write(content.encode())

        do_POST = do_GET

        def log_message(self, *_):
            """Say nothing."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=found.serve_forever, daemon=True).start()
    monkeypatch.setenv("API_URL", f"http://127.0.0.1:{found.server_port}")
    yield Handler
    found.shutdown()
    found.server_close()


def test_an_answer_is_given_as_json(server):
    server.content = '{"status": "ok"}'

    assert client.ask("/health") == {"status": "ok"}


def test_what_the_api_says_is_told(server):
    server.status = 422
    server.content = json.dumps({"error": {"problems": ["record 1: no."]}})

    with pytest.raises(InvalidData, match=r"record 1: no\."):
        client.ask("/predict", {})


@pytest.mark.parametrize(
    ("status", "kind", "content", "told"),
    [
        (403, "text/html", "<html>Forbidden</html>", "has no identity that may ask it"),
        (404, "text/html", "<html>Google</html>", "is API_URL its address"),
        (503, "application/json", '{"error": {"problems": ["no champion yet."]}}', "no champion"),
        (500, "application/json", "[]", "not as our API does"),
        (500, "application/json", '{"error": {"problems": []}}', "not as our API does"),
        (200, "text/html", "<html>Sign in</html>", "not as our API does"),
        (200, "application/json", "[1, 2]", "not as our API does"),
    ],
)
def test_what_is_no_answer_is_told_in_a_sentence(server, status, kind, content, told):
    server.status, server.kind, server.content = status, kind, content

    with pytest.raises(client.ApiUnavailable, match=told):
        client.ask("/health")


def test_nobody_at_the_address_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")

    with pytest.raises(client.ApiUnavailable, match="uv run poe api"):
        client.ask("/health")


def test_somebody_who_never_answers_is_told(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(client.ApiUnavailable, match="did not answer within 0.2 s"):
            client.ask("/health", seconds=0.2)


def test_on_a_laptop_no_identity_is_sent(server):
    client.ask("/health")

    assert "Authorization" not in server.seen[0]


def test_in_the_cloud_the_workload_proves_who_it_is(server):
    """The metadata server of Google Cloud, which no emulator has, is played by ours."""
    host = client.api_url().removeprefix("http://")
    places = {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}
    cloud = {"APP_ENV": "dev", "GCP_PROJECT_ID": "example-project-123"}
    server.by_path = {"identity": TOKEN, "recursive": '{"email": "client@example"}'}
    code = "from app.api import client; print(client._identity('https://api.example/predict'))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | places | cloud,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    sent = dict.fromkeys(["Authorization", "X-Serverless-Authorization"], f"Bearer {TOKEN}")
    assert ast.literal_eval(done.stdout) == sent
    assert any("audience=https://api.example&" in path for path in server.paths)


def test_a_person_gives_a_token_by_a_variable_which_is_sent_over_https_only(server, monkeypatch):
    monkeypatch.setenv("IDENTITY_TOKEN", TOKEN)

    client.ask("/health")
    sent = client._identity("https://api.example/health")  # pylint: disable=protected-access # no cloud here

    assert "Authorization" not in server.seen[0]
    assert sent["Authorization"] == sent["X-Serverless-Authorization"] == f"Bearer {TOKEN}"


def test_without_an_identity_the_api_is_asked_all_the_same(monkeypatch, caplog):
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "absent.json")

    found = client._identity("https://other.example/")  # pylint: disable=protected-access # no cloud here

    assert not found

    assert "without an identity" in caplog.text


def test_a_token_that_cannot_be_fetched_does_not_stop_a_public_api(monkeypatch, caplog):
    class Unreachable:
        def before_request(self, *_):
            raise TransportError("the metadata server does not answer")

    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setattr(client, "_credentials", lambda _: Unreachable())

    sent = client._identity("https://public.example/ready")  # pylint: disable=protected-access # no cloud here

    assert not sent
    assert "without an identity" in caplog.text


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("PORT", "")

    assert client.read_port("PORT", "8080") == 8080


@pytest.mark.parametrize("value", ["http", "0", "65536", "8080 "])
def test_a_wrong_port_is_named(monkeypatch, value):
    monkeypatch.setenv("PORT", value)

    with pytest.raises(ConfigError, match=f"PORT='{value}' is not a port"):
        client.api_url()


@pytest.mark.parametrize(
    "value",
    [
        "api.example",
        "https://",
        "http://api.example:port",
        "ftp://api.example",
        "http://[1",
        "http://api.example?a=1",
    ],
)
def test_a_wrong_address_is_named(monkeypatch, value):
    monkeypatch.setenv("API_URL", value)

    with pytest.raises(ConfigError, match=re.escape(f"API_URL='{value}' is not an address")):
        client.api_url()


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use"):
            client.require_free_port("127.0.0.1", port, "PORT")
