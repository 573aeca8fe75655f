"""Release this commit to an environment: `python scripts/release.py ENV`, as deploy.yml does.

An image is built once for the files that enter it and is named by its digest, so that prd gets what
acc has tested, and a change of pages or tests builds nothing. A new revision gets no requests until
it answers well. Then it gets some, and at last all. If it fails, the former revision gets all
again. `--dry-run` prints the commands and runs none.
"""

import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from shell import Shell

from app.__main__ import guarded
from app.config import ENVIRONMENTS, read, read_count
from app.contract import columns
from app.errors import AppError, ConfigError

SERVICES = {
    "api": "/health",
    "dashboard": "/_stcore/health",  # >>> sprint >= 5
}
"""Each service, with the path that says whether it is well."""

_STEPS = (10, 50)
"""Percent of the requests that a new revision gets, one after the other, before it gets all."""

_SETTLE_SECONDS = 60
"""So long the address of a tag may lead to the former revision, or nowhere."""

_REHEARSED = """{"status": {"url": "https://URL", "traffic": [
  {"revisionName": "FORMER", "percent": 100, "tag": "former"},
  {"tag": "next", "url": "https://next---URL"}]}}"""


class Cloud:
    """Google Cloud's commands for one environment."""

    def __init__(self, shell: Shell, env: str) -> None:
        self.shell, self.env = shell, env
        project, region = os.environ["GCP_PROJECT_ID"], os.environ["GCP_REGION"]
        self._place = (f"--project={project}", f"--region={region}")
        self.images = f"{region}-docker.pkg.dev/{project}/images"

    def run(self, *words: str) -> None:
        """Run a command of Cloud Run."""
        self.shell.run("gcloud", "run", *words, *self._place, "--quiet")

    def service(self, name: str) -> dict[str, Any]:
        """Give the status of a service: its address, and which revisions get the requests."""
        ask = ("gcloud", "run", "services", "describe", f"{name}-{self.env}", *self._place)
        text = self.shell.read(*ask, "--format=json(status)", rehearsed=_REHEARSED)
        status: dict[str, Any] = json.loads(text)["status"]
        return status

    def shift(self, name: str, *to: str) -> None:
        """Give requests or a tag to a revision, by its tag or its name."""
        self.run("services", "update-traffic", f"{name}-{self.env}", *to)


def main() -> None:
    """Build what is not built yet, then release it."""
    words = [word for word in sys.argv[1:] if word != "--dry-run"]
    if len(words) != 1 or words[0] not in ENVIRONMENTS[1:]:
        raise ConfigError(f"{' '.join(words)!r}: give one of {', '.join(ENVIRONMENTS[1:])}.")
    to_environment(Cloud(Shell(rehearsal="--dry-run" in sys.argv), words[0]))


def to_environment(cloud: Cloud) -> None:
    """Bring the images of this commit to an environment."""
    if changed := cloud.shell.read("git", "status", "--porcelain"):
        raise AppError(
            "commit or undo these first, an image has the files of a commit "
            f"(`uv.lock` belongs in one too):\n{changed}"
        )
    registry = cloud.images.partition("/")[0]
    cloud.shell.run("gcloud", "auth", "configure-docker", registry, "--quiet")
    digests = {name: build(cloud, name) for name in SERVICES}
    # >>> sprint >= 4
    digests["pipeline"] = build(cloud, "pipeline")
    for job in ("batch", "update"):
        cloud.run("jobs", "update", f"{job}-{cloud.env}", f"--image={digests['pipeline']}")
    # <<<
    for name in SERVICES:
        release(cloud, name, digests[name])
    for name, digest in digests.items():  # images with an environment's tag are not cleaned up
        tag = f"--tag={cloud.images}/{name}:{cloud.env}"
        cloud.shell.run("docker", "buildx", "imagetools", "create", tag, digest)


def build(cloud: Cloud, name: str) -> str:
    """Name the image of these files by its digest. Build the image if it does not exist."""
    files = hash_files(cloud)
    commit = cloud.shell.read("git", "rev-parse", "HEAD", rehearsed="COMMIT")
    image = f"{cloud.images}/{name}:{files}"
    ask = ("gcloud", "artifacts", "docker", "images", "describe", image)
    form = "--format=value(image_summary.digest)"
    digest = cloud.shell.read(*ask, form, otherwise="")
    if not digest:
        origin = (f"--build-arg=GIT_COMMIT={commit}", f"--build-arg=GIT_TREE={files}")
        about = ("--platform=linux/amd64", f"--target={name}", *origin)
        cloud.shell.run("docker", "build", *about, f"--tag={image}", ".")
        cloud.shell.run("docker", "push", image)
        digest = cloud.shell.read(*ask, form, rehearsed="sha256:DIGEST")
    return f"{cloud.images}/{name}@{digest}"


def hash_files(cloud: Cloud) -> str:
    """Name the files of this commit that enter an image: Docker gets no others."""
    lines = Path(".dockerignore").read_text(encoding="utf-8").splitlines()
    entering = [line[1:] for line in lines if line.startswith("!")]
    ask = ("git", "ls-tree", "-r", "HEAD", "--", "Dockerfile", ".dockerignore", *entering)
    return hashlib.sha1(cloud.shell.read(*ask).encode(), usedforsecurity=False).hexdigest()


def release(cloud: Cloud, name: str, digest: str) -> None:
    """Move a service to a new image step by step. On failure the former one gets all again."""
    before = cloud.service(name)
    former = max(before["traffic"], key=lambda target: target.get("percent", 0))["revisionName"]
    # Not `deploy --tag`: it gives the revision a name, with which Terraform would collide later.
    cloud.run("deploy", f"{name}-{cloud.env}", f"--image={digest}", "--no-traffic")
    cloud.shift(name, "--set-tags=next=LATEST")
    traffic = cloud.service(name)["traffic"]
    tagged = next(target["url"] for target in traffic if target.get("tag") == "next")
    questions = must_answer(cloud, name, before["url"])
    try:
        settle(cloud, name, tagged)
        watch(cloud, tagged, questions, seconds=0)
        for percent in _STEPS:
            cloud.shift(name, f"--to-tags=next={percent}")
            watch(cloud, before["url"], questions, read_count("CANARY_SECONDS", "60"))
        cloud.shift(name, "--to-latest", f"--update-tags=former={former}")  # for traffic.py
    except BaseException:  # also when somebody stops it
        cloud.shift(name, f"--to-revisions={former}=100")
        raise


def settle(cloud: Cloud, name: str, url: str) -> None:
    """Ask until a tag leads to the new revision: an API says which files it was built from."""
    tree = hash_files(cloud)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while problem := "" if cloud.shell.rehearsal else differs(name, url, tree):
        if time.monotonic() >= deadline:
            raise AppError(f"{url} does not lead to the new revision: {problem}")
        time.sleep(1)


def differs(name: str, url: str, tree: str) -> str:
    """Say what is not the new revision's answer yet, or nothing."""
    try:
        answer = ask(f"{url}{SERVICES[name]}")
        same = name != "api" or json.loads(answer)["tree"] == tree
    except (AppError, ValueError, KeyError) as error:
        return str(error)
    return "" if same else f"it answers {answer.decode()}, not as the files {tree} would."


def must_answer(cloud: Cloud, name: str, former: str) -> list[tuple[str, Any]]:
    """Give the paths and bodies to ask. An API without a champion serves but cannot predict."""
    questions: list[tuple[str, Any]] = [(SERVICES[name], None)]
    if name == "api" and (cloud.shell.rehearsal or is_ready(former)):
        questions += [("/ready", None), ("/predict?keep=false", columns.example_record())]
    return questions


def watch(cloud: Cloud, url: str, questions: list[tuple[str, Any]], seconds: int) -> None:
    """Ask all questions once, then for some seconds only the first, which stores no prediction.

    Raises `AppError` at the first bad answer.
    """
    print(f"# ask {url} for {', '.join(path for path, _ in questions)}, {seconds} s", flush=True)
    end = time.monotonic() + seconds
    while not cloud.shell.rehearsal:
        for path, record in questions:
            ask(f"{url}{path}", record)
        if time.monotonic() >= end:
            return
        questions = questions[:1]
        time.sleep(0.2)


def is_ready(url: str) -> bool:
    """Say whether an API has a champion. Google's first image answers something else."""
    try:
        return bool(json.loads(ask(f"{url}/ready"))["status"] == "ready")
    except (AppError, ValueError, KeyError):
        return False


def ask(url: str, record: dict[str, Any] | None = None) -> bytes:
    """Ask over HTTP. Raises `AppError` if there is no answer or no good one."""
    headers = {"Content-Type": "application/json"}
    if token := read("IDENTITY_TOKEN", ""):
        headers["Authorization"] = f"Bearer {token}"
    body = None if record is None else json.dumps(record).encode()
    try:
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            answer: bytes = response.read()
    except (OSError, HTTPException) as error:
        said = error.read().decode() if isinstance(error, urllib.error.HTTPError) else ""
        raise AppError(f"{url} does not answer well: {error} {said}".strip()) from None
    return answer


if __name__ == "__main__":
    guarded(main)
