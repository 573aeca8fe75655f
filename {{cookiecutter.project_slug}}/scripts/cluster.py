"""The system on Kubernetes: `up` runs it in a cluster on this machine, `down` removes that cluster.

kind makes the cluster, or minikube. `up ENV` runs in the cluster of an environment on Google Cloud
what was released there; `down ENV` takes it away. `--dry-run` prints the commands and runs none.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

from shell import Shell

from app.__main__ import guarded
from app.config import ENVIRONMENTS
from app.errors import ConfigError

ACCOUNTS = {
    "api": "api",
    "batch": "pipeline",  # >>> sprint >= 4
    "dashboard": "dashboard",  # >>> sprint >= 5
}
"""Each account in the cluster, and what its image and its account on Google Cloud are called."""

DEPLOYMENTS = (
    "api",
    "dashboard",  # >>> sprint >= 5
)

_APPLIED = Path("local/kubernetes")
_STORE = ("objects", "appended", "tables.duckdb")


class Laptop(NamedTuple):
    """How a program makes a cluster on this machine."""

    context: str
    create: str
    load: str
    delete: str


PROGRAMS = {
    "kind": Laptop(
        "kind-app",
        "kind create cluster --name=app --wait=120s",
        "kind load docker-image --name=app",
        "kind delete cluster --name=app",
    ),
    "minikube": Laptop(
        "app",
        "minikube start --profile=app --cni=calico",  # without it, no policy of the network holds
        "minikube image load --profile=app",
        "minikube delete --profile=app",
    ),
}


def main() -> None:
    """Do what the command line asks."""
    words = [word for word in sys.argv[1:] if word != "--dry-run"]
    shell = Shell(rehearsal="--dry-run" in sys.argv)
    match words:
        case ["up"]:
            up(shell)
        case ["down"]:
            shell.run(*PROGRAMS[find_program()].delete.split())
        case ["up", env] if env in ENVIRONMENTS[1:]:
            up_there(shell, env)
        case ["down", env] if env in ENVIRONMENTS[1:]:
            down_there(shell, env)
        case _:
            raise ConfigError(
                f"{' '.join(words)!r}: give `up` or `down`, alone for a cluster on this machine, "
                f"or with one of {', '.join(ENVIRONMENTS[1:])}."
            )


def up(shell: Shell) -> None:
    """Build the images, make a cluster unless it is there, and run the system in it."""
    program = find_program()
    laptop = PROGRAMS[program]
    images = [build(shell, name) for name in sorted(ACCOUNTS.values())]
    if program != "kind" or "app" not in shell.read("kind", "get", "clusters").split():
        shell.run(*laptop.create.split())
    for image in images:
        shell.run(*laptop.load.split(), image)
    kubectl = ("kubectl", f"--context={laptop.context}", "--namespace=app")
    tags = [dict(zip(("name", "newTag"), image.split(":"), strict=True)) for image in images]
    apply(shell, kubectl, "kind", {"images": tags})
    lend_store(shell, kubectl)
    shell.tell("\nIt runs. To ask it on http://127.0.0.1:8080, leave this running:")
    shell.tell(f"{' '.join(kubectl)} port-forward service/api 8080:8080")


def find_program() -> str:
    """Name what makes clusters here."""
    return "minikube" if shutil.which("minikube") and not shutil.which("kind") else "kind"


def build(shell: Shell, name: str) -> str:
    """Build an image for this machine. Its tag is its content's, so that a change is rolled out."""
    options = ("--build-arg=STORE=local", f"--target={name}", f"--tag={name}:built")
    shell.run("docker", "build", *options, ".")
    ask = ("docker", "image", "inspect", f"{name}:built")
    built = json.loads(shell.read(*ask, rehearsed='[{"Id": "sha256:DIGEST"}]'))[0]["Id"]
    image = f"{name}:{built.rpartition(':')[2][:12]}"
    shell.run("docker", "tag", f"{name}:built", image)
    return image


def apply(shell: Shell, kubectl: tuple[str, ...], overlay: str, added: dict[str, Any]) -> None:
    """Apply an overlay with what is known only now, and wait until its pods are ready."""
    _APPLIED.mkdir(parents=True, exist_ok=True)
    content = {"resources": [f"../../kubernetes/overlays/{overlay}"]} | added
    text = json.dumps(content, indent=2)  # every JSON is YAML
    (_APPLIED / "kustomization.yaml").write_text(text, encoding="utf-8")
    shell.run(*kubectl, "apply", f"--kustomize={_APPLIED.as_posix()}")
    for name in DEPLOYMENTS:
        shell.run(*kubectl, "rollout", "status", f"deployment/{name}", "--timeout=300s")


def lend_store(shell: Shell, kubectl: tuple[str, ...]) -> None:
    """Copy this machine's store to the cluster, unless there is a champion in it."""
    look = ("exec", "deployment/api", "--", "ls", "local/objects/champion.json")
    if shell.read(*kubectl, *look, otherwise=""):
        return
    ask = ("get", "pods", "--selector=app=api", "--output=jsonpath={.items[0].metadata.name}")
    pod = shell.read(*kubectl, *ask, rehearsed="POD")
    for name in _STORE:
        if Path("local", name).exists():
            shell.run(*kubectl, "cp", f"local/{name}", f"{pod}:/app/local")


def up_there(shell: Shell, env: str) -> None:
    """Run in the cluster of an environment the images that were released there."""
    project, region = os.environ["GCP_PROJECT_ID"], os.environ["GCP_REGION"]
    kubectl = connect(shell, project, region, env)
    registry = f"{region}-docker.pkg.dev/{project}/images"
    variables = {"APP_ENV": env, "GCP_PROJECT_ID": project, "GCP_REGION": region}
    literals = [f"{name}={value}" for name, value in variables.items()]
    programs = sorted(ACCOUNTS.values())
    added = {
        "namespace": f"app-{env}",
        "images": [find_released(shell, registry, name, env) for name in programs],
        "configMapGenerator": [{"name": "variables", "literals": literals}],
        "patches": [identity(name, f"{to}-{env}@{project}") for name, to in ACCOUNTS.items()],
    }
    apply(shell, kubectl, "gke", added)
    shell.run(*kubectl, "wait", "gateway/api", "--for=condition=Programmed", "--timeout=600s")
    shell.run(*kubectl, "get", "gateway/api")


def connect(shell: Shell, project: str, region: str, env: str) -> tuple[str, ...]:
    """Log in to the cluster of an environment; give the command that talks to it."""
    place = (f"--project={project}", f"--region={region}")
    shell.run("gcloud", "container", "clusters", "get-credentials", f"app-{env}", *place)
    return "kubectl", f"--context=gke_{project}_{region}_app-{env}", f"--namespace=app-{env}"


def find_released(shell: Shell, registry: str, name: str, env: str) -> dict[str, str]:
    """Name by its digest the image that has an environment's tag since its last release."""
    image = f"{registry}/{name}"
    ask = ("gcloud", "artifacts", "docker", "images", "describe", f"{image}:{env}")
    form = "--format=value(image_summary.digest)"
    digest = shell.read(*ask, form, rehearsed=f"sha256:{64 * '0'}")
    return {"name": name, "newName": image, "digest": digest}


def identity(name: str, account: str) -> dict[str, Any]:
    """Say as which account of Google Cloud the pods of an account act (workload identity)."""
    value = {"iam.gke.io/gcp-service-account": f"{account}.iam.gserviceaccount.com"}
    patch = [{"op": "add", "path": "/metadata/annotations", "value": value}]
    return {"target": {"kind": "ServiceAccount", "name": name}, "patch": json.dumps(patch)}


def down_there(shell: Shell, env: str) -> None:
    """Take the system out of the cluster of an environment, its load balancer first of all."""
    kubectl = connect(shell, os.environ["GCP_PROJECT_ID"], os.environ["GCP_REGION"], env)
    shell.run(*kubectl, "delete", "gateway", "--all", "--ignore-not-found", "--timeout=600s")
    shell.run(*kubectl, "delete", "namespace", f"app-{env}", "--ignore-not-found")
    shell.tell(f"\nThe cluster app-{env} stays, and costs by the hour: docs/KUBERNETES.md.")


if __name__ == "__main__":
    guarded(main)
