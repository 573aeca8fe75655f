"""A deployment rehearsed without an account: what is printed, and whether gcloud knows it."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def rehearsed(bake):
    """Print a deployment and its end, as somebody without an account would."""
    project = bake(gcp_project_id="example-project-456")
    printed = project.poe("cloud-up", "dev", "--dry-run")
    printed += project.poe("release", "dev", "--dry-run")
    printed += project.poe("traffic", "dev", "30", "--dry-run")
    return printed + project.poe("cloud-down", "everything", "--dry-run")


@pytest.fixture(scope="module")
def of_pages(bake):
    """Give what a cluster prints, and the commands of the pages about clusters and machines."""
    project = bake(gcp_project_id="example-project-456", kubernetes="yes")
    printed = project.poe("k8s-up", "dev", "--dry-run") + project.poe(
        "k8s-down", "dev", "--dry-run"
    )
    pages = [project.path / f"docs/{name}.md" for name in ("DEPLOYMENT", "KUBERNETES")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return printed + "".join(f"\n$ {line}" for line in lines if line.startswith("gcloud "))


@pytest.mark.xdist_group("rehearsal")
def test_gcloud_knows_the_commands_of_clusters_and_machines(of_pages, tmp_path):
    lines = [line[2:] for line in of_pages.splitlines() if line.startswith("$ gcloud")]
    assert len([line for line in lines if "api-vm-dev" in line]) == 5
    made = [line for line in lines if " instances create " in line]
    gone = [line for line in lines if " instances delete " in line]
    assert len(made) == len(gone) == 1
    for line in lines:
        if "components install" not in line:  # it asks for no login, and would install
            assert understands(line, tmp_path), line
    assert not understands(f"{made[0]} --no-such-flag", tmp_path)


def understands(line, folder):
    """Without a login, gcloud refuses a command only after it has understood it."""
    if not shutil.which("gcloud"):
        pytest.skip("gcloud is not installed")
    own = {"CLOUDSDK_CONFIG": str(folder), "DOCKER_CONFIG": str(folder)}
    done = subprocess.run(
        shlex.split(line), env=os.environ | own, capture_output=True, text=True, check=False
    )
    print(line, done.stderr)
    return "active account" in done.stderr or done.returncode == 0


@pytest.mark.xdist_group("rehearsal")
def test_gcloud_knows_every_command_that_is_printed(rehearsed, tmp_path):
    lines = [line[2:] for line in rehearsed.splitlines() if line.startswith("$ gcloud")]
    kinds = {re.sub(r"(=|:|@|-dev|//)\S*", "", line): line for line in lines}
    assert len(kinds) > 12
    for line in [*kinds.values(), "gcloud run deploy api-dev --no-such-flag"]:
        assert understands(line, tmp_path) == ("--no-such-flag" not in line), line


@pytest.mark.xdist_group("rehearsal")
def test_a_whole_deployment_is_printed_for_who_has_no_account(rehearsed):
    commands = [line for line in rehearsed.splitlines() if line.startswith("$ ")]
    steps = (
        "services enable",
        "buckets create",
        "bootstrap apply",
        "quotas preferences update",
        "terraform apply",
        "docker build",
        "docker push",
        "--no-traffic",
        "next=10",
        "next=50",
        "--to-latest",
        "imagetools create",
        "--to-revisions=FORMER=70,LATEST=30",
        "terraform destroy",
        "bootstrap destroy",
        "search-all-resources",
    )
    first = [min(n for n, line in enumerate(commands) if step in line) for step in steps]
    assert first == sorted(first)
    assert "is left that costs" not in rehearsed, "a rehearsal proves nothing"
    assert "dev is there" not in rehearsed
