"""The story of a private university: its organisation lets nobody from outside ask, two people
share billing account and repository, and a release goes through all the same.

Terraform is real, its providers are stand-ins. What Cloud Run does in front of a private service is
played by a server that asks for the token; gcloud and docker by programs that note their words.
"""

import json
import os
import threading
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from terraform_standin import mirror
from test_terraform import BILLING, providers, state  # noqa: F401 # a fixture, for this file too

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("private")]

OUTSIDERS = ("allUsers", "allAuthenticatedUsers")
GCLOUD = """#!/bin/sh
echo "gcloud $*" >> "$COMMANDS"
case "$*" in
  *"services describe"*) echo "$SERVICE" ;;
  *"images describe"*) echo sha256:0123 ;;
esac
"""
NOTED = '#!/bin/sh\necho "$(basename "$0") $*" >> "$COMMANDS"\n'


@pytest.fixture(scope="module")
def university(bake, providers):  # noqa: F811 # the fixture
    """Have Ada, of the billing account, and Grace, of the repository, make a private dev."""
    project = bake()
    folder = project.path / "terraform"
    write(folder / "environments/dev.tfvars", 'app_env = "dev"', 'app_env = "dev"\npublic  = false')
    both = '["ada@uni.example", "grace@uni.example"]'
    write(folder / "bootstrap/members.tf", "= []", f"= {both}")
    for root in (folder, folder / "bootstrap"):
        own = 'terraform {\n  backend "local" {}\n}\n'
        (root / "zz_override.tf").write_text(own, encoding="utf-8")
        ready = mirror.terraform(root, "init", "-input=false", environment=providers)
        assert ready.returncode == 0, ready.stderr

    def types(words, **environment):
        """Run what Terraform's commands a person's command prints, as it prints them."""
        printed = project.poe("cloud-up", words, "--dry-run").splitlines()
        told = ""
        for line in printed:
            if line.startswith("$ terraform") and " apply " in line:
                root, _, *options = line.replace("ACCOUNT", BILLING).split()[2:]
                place = project.path / root.removeprefix("-chdir=")
                arguments = ["apply", "-auto-approve", *options]
                done = mirror.terraform(place, *arguments, environment=providers | environment)
                assert done.returncode == 0, done.stdout + done.stderr
                told += done.stdout
        return told

    return project, types("bootstrap"), types("dev", REFUSED="google_billing_budget")


def write(file, good, changed):
    text = file.read_text(encoding="utf-8")
    assert good in text
    file.write_text(text.replace(good, changed, 1), encoding="utf-8")


def made(root, kind):
    """Give what is made of a kind."""
    resources = [one for one in state(root)["resources"] if one["type"] == kind]
    return [one["attributes"] for resource in resources for one in resource["instances"]]


def test_each_makes_what_they_may(university):
    project, by_ada, by_grace = university
    folder = project.path / "terraform"

    assert "google_billing_budget" in by_ada
    assert "google_cloud_run_v2_service" not in by_ada
    assert "No changes." in by_grace, "of what Ada made"
    assert {one["name"] for one in made(folder, "google_cloud_run_v2_service")} == {
        "api-dev",
        "dashboard-dev",
    }


def test_the_organisation_has_nothing_to_refuse(university):
    folder = university[0].path / "terraform"
    text = json.dumps([state(folder), state(folder / "bootstrap")])

    assert not [who for who in OUTSIDERS if who in text]
    for service in made(folder, "google_cloud_run_v2_service"):
        assert service["invoker_iam_disabled"] is False
    assert not made(folder, "google_monitoring_uptime_check_config"), "nobody asks from outside"


def test_both_may_ask_and_see(university):
    folder = university[0].path / "terraform"
    rights = made(folder / "bootstrap", "google_project_iam_member")

    invokers = {one["member"] for one in rights if one["role"] == "roles/run.invoker"}
    assert invokers == {"user:ada@uni.example", "user:grace@uni.example"}
    act = made(folder / "bootstrap", "google_service_account_iam_member")
    assert {one["member"] for one in act} == invokers, "for past predictions"
    dashboard = next(
        one for one in made(folder, "google_cloud_run_v2_service") if "dashboard" in one["name"]
    )
    variables = {
        one["name"]: one["value"] for one in dashboard["template"][0]["containers"][0]["env"]
    }
    assert variables["PUBLIC"] == "false", "so it shows single records"


@pytest.fixture
def released(university, tmp_path):
    """Give a function that releases with a token, and the commands that it ran."""
    project = university[0]
    folder = project.path / "terraform"
    services = made(folder, "google_cloud_run_v2_service")
    project.git("add", "--all")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@uni.example")
    project.git(*identity, "commit", "--quiet", "--message", "A private system")
    listed = project.git(
        "ls-tree", "-r", "HEAD", "--", "Dockerfile", ".dockerignore",
        "pyproject.toml", "uv.lock", ".streamlit", "src",
    )  # fmt: skip
    tree = sha1(listed.strip().encode()).hexdigest()

    class Front(BaseHTTPRequestHandler):
        """Cloud Run, and the service behind it, which has a champion."""

        def do_GET(self):  # noqa: N802 # the library's
            _, _, audience = self.headers.get("Authorization", "").partition("Bearer for ")
            known = all(audience in service["custom_audiences"] for service in services)
            self.send_response(200 if known else 403)
            self.end_headers()
            answer = json.dumps({"status": "ready", "tree": tree})
            self.wfile.write(answer.encode() if known else b"<html>403 Forbidden</html>")

        def do_POST(self):  # noqa: N802 # the same
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    traffic = [{"revisionName": "former", "percent": 100}, {"tag": "next", "url": url}]
    (tmp_path / "bin").mkdir()
    for name, text in {"gcloud": GCLOUD, "docker": NOTED}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)

    def release(token):
        commands = tmp_path / "commands"
        commands.write_text("")
        service = json.dumps({"status": {"url": url, "traffic": traffic}})
        own = {"COMMANDS": str(commands), "SERVICE": service, "CANARY_SECONDS": "0"}
        own["IDENTITY_TOKEN"] = token
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        done = project.run("poe", "release", "dev", PATH=path, **own)
        return done, commands.read_text().splitlines()

    yield release
    server.shutdown()
    server.server_close()


def test_the_release_shows_the_login_of_its_workflow(university, released):
    project = university[0]
    variables = made(project.path / "terraform", "github_actions_environment_variable")
    audience = next(one["value"] for one in variables if one["variable_name"] == "AUDIENCE")

    done, commands = released(f"for {audience}")

    assert done.returncode == 0, done.stdout + done.stderr
    assert len([line for line in commands if "--to-latest" in line]) == 2, "API and dashboard"
    assert not [line for line in commands if "--to-revisions" in line]
    done, commands = released("for somebody else")
    assert done.returncode == 1
    assert "403" in done.stdout + done.stderr
    assert "--to-revisions=former=100" in commands[-1]
