"""The cloud of this project: `up ENV` makes it, `down ENV` removes it, `cost` lists what there is.

`up bootstrap` makes only what all environments share; who may make the budget can be somebody else.
`--dry-run` at the end prints the commands and runs none.
"""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from shell import Shell

from app.__main__ import guarded
from app.config import ENVIRONMENTS
from app.errors import AppError, ConfigError

_UNITS = {
    "storage.googleapis.com/Bucket": "always: GiB kept, by the month; operations",
    "bigquery.googleapis.com/Dataset": "always: GiB kept, by the month; bytes that queries read",
    "firestore.googleapis.com/Database": "always: GiB kept, by the month; documents read, written",
    "compute.googleapis.com/Instance": "ALWAYS, until stopped: machines, by the hour",
    "compute.googleapis.com/Disk": "always, also of stopped machines: GiB, by the month",
    "compute.googleapis.com/Address": "always, also one that nothing uses: by the hour",
    "compute.googleapis.com/GlobalAddress": "always, also one that nothing uses: by the hour",
    "compute.googleapis.com/ForwardingRule": "ALWAYS: a load balancer, by the hour",
    "compute.googleapis.com/GlobalForwardingRule": "ALWAYS: a load balancer, by the hour",
    "container.googleapis.com/Cluster": "ALWAYS: the cluster by the hour; machines or pods too",
    "sqladmin.googleapis.com/Instance": "ALWAYS, until stopped: machines, by the hour",
    # >>> sprint >= 3
    "run.googleapis.com/Service": "while it answers: vCPU and GiB, by the second",
    "artifactregistry.googleapis.com/Repository": "always: GiB of images, by the month",
    # <<<
    # >>> sprint >= 4
    "run.googleapis.com/Job": "while it runs: vCPU and GiB, by the second",
    "cloudscheduler.googleapis.com/Job": "always: each job, by the month",
    "aiplatform.googleapis.com/Endpoint": "ALWAYS, also when nobody asks: machines, by the hour",
    # <<<
}
_SEARCH_SECONDS = 300
QUERY_GIB_A_DAY = 30  # >>> data_store = BigQuery


def main() -> None:
    """Do what the command line asks."""
    words = [word for word in sys.argv[1:] if word != "--dry-run"]
    shell = Shell(rehearsal="--dry-run" in sys.argv)
    project, region = os.environ["GCP_PROJECT_ID"], os.environ["GCP_REGION"]
    match words:
        case ["up", env] if env in (*environments(), "bootstrap"):
            up(shell, project, region, env)
        case ["down", env] if env in (*environments(), "everything"):
            down(shell, project, env)
        case ["cost"]:
            cost(shell, project)
        case _:
            raise ConfigError(
                f"{' '.join(words)!r}: give `up` and one of {', '.join(environments())} or "
                "`bootstrap`, `down` and one of these environments or `everything`, or `cost`."
            )


def environments() -> tuple[str, ...]:
    """Name those that Terraform has a file for."""
    folder = Path("terraform/environments")
    return tuple(env for env in ENVIRONMENTS[1:] if (folder / f"{env}.tfvars").exists())


def up(shell: Shell, project: str, region: str, env: str) -> None:
    """Make or update what all environments share, and one environment unless it is `bootstrap`."""
    account = billing(shell, project)
    prepare(shell, project, region)
    # What our files did not change is left alone: who may not read the budget can run this too.
    options = (f"-var=billing_account={account}", "-refresh=false")
    terraform(shell, project, "bootstrap", "apply", *options)
    limit_queries(shell, project)  # >>> data_store = BigQuery
    if env == "bootstrap":
        return
    terraform(shell, project, env, "apply")
    shell.tell(f"\n{env} is there.")
    shell.tell(f"Its images come by a push, or by `uv run poe release {env}`.")  # >>> sprint >= 3


def prepare(shell: Shell, project: str, region: str) -> None:
    """Make what Terraform cannot work without: some services, and a bucket for its state."""
    state = f"gs://{project}-terraform"
    enable = ("gcloud", "services", "enable", f"--project={project}")
    names = ("cloudquotas", "cloudresourcemanager", "serviceusage", "storage")
    shell.run(*enable, *(f"{name}.googleapis.com" for name in names))
    agents = ("run",)  # >>> sprint >= 3 and sprint < 4
    agents = ("run", "aiplatform", "cloudscheduler")  # >>> sprint >= 4
    # >>> sprint >= 3
    identity = ("gcloud", "beta", "services", "identity", "create", f"--project={project}")
    for name in agents:  # terraform/bootstrap/agents.tf gives them their roles
        shell.run(*enable, f"{name}.googleapis.com")
        shell.run(*identity, f"--service={name}.googleapis.com")
    # <<<
    if not has_state(shell, project):
        make = ("gcloud", "storage", "buckets", "create", state, f"--project={project}")
        guards = ("--uniform-bucket-level-access", "--public-access-prevention")
        shell.run(*make, f"--location={region}", *guards, "--soft-delete-duration=0")
        shell.run("gcloud", "storage", "buckets", "update", state, "--versioning")


# >>> data_store = BigQuery
def limit_queries(shell: Shell, project: str) -> None:
    """Limit the bytes of queries a day, by gcloud: Terraform cannot set a quota a second time."""
    quota = ("--service=bigquery.googleapis.com", "--quota-id=QueryUsagePerDay")
    value = f"--preferred-value={QUERY_GIB_A_DAY * 1024}"  # in MiB
    lower = ("--allow-missing", "--allow-high-percentage-quota-decrease")
    update = ("gcloud", "beta", "quotas", "preferences", "update", "query-bytes-a-day")
    shell.run(*update, *quota, value, *lower, f"--project={project}")


# <<<
def down(shell: Shell, project: str, env: str) -> None:
    """Remove one environment, or everything; then prove that nothing billable is left."""
    every = env == "everything"
    chosen = environments() if every else (env,)
    if shell.rehearsal or has_state(shell, project):  # the state goes last: a second run has none
        chosen = tuple(env for env in chosen if is_made(shell, project, env))
        require_unprotected(() if shell.rehearsal else chosen)
        remove(shell, project, chosen, every)
    deadline = time.monotonic() + _SEARCH_SECONDS  # the search sees a deletion late
    while left := list_resources(shell, project, None if every else env):
        if time.monotonic() > deadline:
            raise AppError(
                *(f"{name} is left: {_UNITS[kind]}" for kind, name in left),
                "Delete them in the console, or wait some minutes and run this again.",
            )
        time.sleep(20)
    shell.tell(f"\nNothing {'' if every else f'of {env} '}is left that costs.")


def remove(shell: Shell, project: str, chosen: Sequence[str], every: bool) -> None:
    """Let Terraform destroy environments, and at last what they share."""
    for env in chosen:
        terraform(shell, project, env, "destroy")
    if every:
        account = billing(shell, project)
        terraform(shell, project, "bootstrap", "destroy", f"-var=billing_account={account}")
        shell.run("gcloud", "storage", "rm", "--recursive", f"gs://{project}-terraform")


def require_unprotected(chosen: Sequence[str]) -> None:
    """Refuse before anything is deleted: Terraform would refuse in the middle."""
    for env in chosen:
        file = Path(f"terraform/environments/{env}.tfvars")
        if re.search(r"^protected\s*=\s*true", file.read_text(encoding="utf-8"), re.MULTILINE):
            raise ConfigError(
                f"{env} is protected, with its data: if they shall go, write `protected = false` "
                f"into {file.as_posix()}, run `uv run poe cloud-up {env}`, then this again."
            )


def has_state(shell: Shell, project: str) -> bool:
    """Say whether the bucket of Terraform's state is there."""
    ask = ("gcloud", "storage", "buckets", "describe", f"gs://{project}-terraform")
    return bool(shell.read(*ask, "--format=value(name)", f"--project={project}", otherwise=""))


def is_made(shell: Shell, project: str, env: str) -> bool:
    """Say whether Terraform's state of an environment holds a resource."""
    bucket, name = f"gs://{project}-terraform", f"{env}/default.tfstate"
    ask = ("gcloud", "storage", "objects", "list", f"{bucket}/**", "--format=value(name)")
    if name not in shell.read(*ask, rehearsed=name).splitlines():
        return False
    state = shell.read("gcloud", "storage", "cat", f"{bucket}/{name}", rehearsed='{"resources": 1}')
    return bool(json.loads(state)["resources"])


def cost(shell: Shell, project: str) -> None:
    """List what there is, and by which unit it costs."""
    for kind, name in list_resources(shell, project):
        print(f"{name:60} {_UNITS[kind]}")
    print("Prices: https://cloud.google.com/products/calculator. What was spent, before credits:")
    print("the console, Billing, Reports, with credits excluded.")


def list_resources(shell: Shell, project: str, env: str | None = None) -> list[tuple[str, str]]:
    """Give kind and name of each resource that costs, in a project or in one environment."""
    search = ("gcloud", "asset", "search-all-resources", f"--scope=projects/{project}")
    kinds = f"--asset-types={','.join(_UNITS)}"
    quota = f"--billing-project={project}"
    resources = json.loads(shell.read(*search, quota, kinds, "--format=json", rehearsed="[]"))
    named = sorted((each["assetType"], each["name"].rpartition("/")[2]) for each in resources)
    # A cluster names what it makes by its namespace, app-ENV.
    own = rf"[-_]{env}$|^gke.*-app-{env}-"
    return [(kind, name) for kind, name in named if env is None or re.search(own, name)]


def terraform(shell: Shell, project: str, env: str, verb: str, *variables: str) -> None:
    """Let Terraform apply or destroy a root; it shows its plan and asks first."""
    shared = env == "bootstrap"
    folder = "-chdir=terraform/bootstrap" if shared else "-chdir=terraform"
    init = ["-reconfigure", f"-backend-config=bucket={project}-terraform"]
    files = ["-var-file=../project.tfvars"] if shared else ["-var-file=project.tfvars"]
    if not shared:
        init.append(f"-backend-config=prefix={env}")
        files.append(f"-var-file=environments/{env}.tfvars")
    shell.run("terraform", folder, "init", *init)
    shell.run("terraform", folder, verb, *files, *variables)


def billing(shell: Shell, project: str) -> str:
    """Look up the billing account that is linked to a project."""
    ask = ("gcloud", "billing", "projects", "describe", project)
    name = shell.read(
        *ask, "--format=value(billingAccountName)", rehearsed="billingAccounts/ACCOUNT"
    )
    if not name:
        raise ConfigError(
            f"{project} has no billing account: link the one with the credits, in the console "
            "under Billing, then run this again."
        )
    return name.removeprefix("billingAccounts/")


if __name__ == "__main__":
    guarded(main)
