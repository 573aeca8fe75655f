"""Write into a project's docs/DEPLOYMENT.md who may do what, from the plans of its Terraform.

`uv run poe principals` plans every stage with every data store, by Terraform itself with the
stand-ins for its providers; a row that only some of them have ends with the mark that says which.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
PAGE = TEMPLATE / "{{cookiecutter.project_slug}}/docs/DEPLOYMENT.md"
HEAD = "| who | may | where |\n|---|---|---|\n"
SPRINTS = {"3": 3, "4": 4, "everything": 5}
STORES = ("BigQuery", "Firestore", "Cloud Storage")
sys.path.insert(0, str(TEMPLATE / "tests"))

from terraform_standin import mirror  # noqa: E402

ROLES = {
    "roles/aiplatform.serviceAgent": "what Vertex AI needs",
    "roles/aiplatform.user": "run pipelines on Vertex AI",
    "roles/artifactregistry.reader": "pull images",
    "roles/artifactregistry.writer": "push images",
    "roles/bigquery.dataEditor": "read and write tables",
    "roles/bigquery.dataViewer": "read tables",
    "roles/bigquery.jobUser": "run queries, which alone give no data",
    "roles/cloudscheduler.serviceAgent": "what Cloud Scheduler needs",
    "roles/datastore.user": "read and write tables",
    "roles/datastore.viewer": "read tables",
    "roles/iam.serviceAccountTokenCreator": "get tokens in its name",
    "roles/iam.serviceAccountUser": "start a program as it",
    "roles/iam.workloadIdentityUser": "act as it",
    "roles/run.developer": "release a new image, shift requests",
    "roles/run.invoker": "ask it, or start it",
    "roles/run.serviceAgent": "what Cloud Run needs",
    "roles/run.viewer": "look at it",
    "roles/serviceusage.serviceUsageConsumer": "count requests on the project",
    "roles/storage.legacyBucketReader": "look at the bucket and list it",
    "roles/storage.objectUser": "read and write objects",
    "roles/storage.objectViewer": "read objects",
    "roles/viewer": "look at everything",
}
PLACES = {
    "google_artifact_registry_repository": "registry `images`",
    "google_bigquery_dataset": "data set of ENV",
    "google_project": "project",
    "google_storage_bucket": "bucket of ENV",
}


class Right(NamedTuple):
    """A right that Terraform gives: as it is planned, and as it is written."""

    planned: dict[str, Any]
    written: dict[str, Any]
    module: str
    deployer: str

    def argument(self, name: str) -> str:
        """Give what an argument refers to first, as it is written."""
        refers: str = self.written["expressions"][name].get("references", [""])[0]
        return self.deployer if refers == "var.deployer" else refers


def main() -> None:
    """Plan everything, and write the table."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        table = "\n".join(rows(Path(folder)))
    page = PAGE.read_text(encoding="utf-8")
    before, _, after = page.partition(HEAD)
    rest = after[after.index("\n\n") :]
    PAGE.write_text(f"{before}{HEAD}{table}{rest}", encoding="utf-8", newline="\n")
    print(table)


def rows(folder: Path) -> Iterator[str]:
    """Give the rows of all stages and stores, each with its condition."""
    places: dict[str, set[tuple[str, str]]] = {}
    for sprint, store in product(reversed(SPRINTS), STORES):
        answers = {"until_sprint": sprint, "data_store": store}
        place = folder / f"{sprint} {store}"
        made = cookiecutter(
            str(TEMPLATE), no_input=True, extra_context=answers, output_dir=str(place)
        )
        for row in of_project(Path(made)):
            places.setdefault(row, set()).add((sprint, store))
    for row in sorted(places):
        yield row + mark(row, places[row])


def mark(row: str, places: set[tuple[str, str]]) -> str:
    """Say under which condition a row is there."""
    sprints = [sprint for sprint in SPRINTS if any(one == sprint for one, _ in places)]
    stores = [store for store in STORES if any(one == store for _, one in places)]
    later = list(SPRINTS)[list(SPRINTS).index(sprints[0]) :]
    if places != set(product(later, stores)):
        raise ValueError(f"{row} comes and goes: {sorted(places)}")
    parts = [f"sprint >= {SPRINTS[sprints[0]]}"] if sprints[0] != "3" else []
    parts += [f"data_store = {' | '.join(stores)}"] if len(stores) < len(STORES) else []
    return f" <!-- >>> {' and '.join(parts)} -->" if parts else ""


def of_project(project: Path) -> set[str]:
    """Give the rows of one project: its rights, and what it lets everybody do."""
    folder = project / "terraform"
    files = ["-var-file=../project.tfvars", "-var=billing_account=01ABCD-23EF45-67890A"]
    shared = plan(folder / "bootstrap", *files, '-var=members=["ada@example.com"]')
    own = plan(folder, "-var-file=project.tfvars", "-var-file=environments/dev.tfvars")
    found = {row_of(right) for shown in (shared, own) for right in rights(shown)}
    return {row.replace("-dev", "-ENV") for row in found | set(of_everybody(folder, own))}


def row_of(right: Right) -> str:
    """Describe a right."""
    role = right.planned["values"]["role"]
    return f"| {who(right)} | {ROLES[role]} (`{role}`) | {where(right)} |"


def of_everybody(folder: Path, shown: dict[str, Any]) -> Iterator[str]:
    """Give the rows of services that look at nobody, and of whom the API itself lets in."""
    for one in shown["planned_values"]["root_module"]["resources"]:
        if one["values"].get("invoker_iam_disabled"):
            yield f"| everybody, if `public` | ask it | service `{one['values']['name']}` |"
    text = (folder / "api.tf").read_text(encoding="utf-8")
    readers = re.findall(
        r"(local|module)\.(\w+)", text.partition("readers = [")[2].partition("]")[0]
    )
    for kind, name in readers:
        account = f"{name}-dev" if kind == "module" else name
        may = "see and label past predictions, which the API checks"
        yield f"| `{account}` | {may} | service `api-dev` |"


def plan(root: Path, *options: str) -> dict[str, Any]:
    """Plan a root as if nothing existed."""
    environment = mirror.install()
    own = 'terraform {\n  backend "local" {}\n}\n'
    (root / "zz_override.tf").write_text(own, encoding="utf-8")
    for words in (("init", "-input=false"), ("plan", "-out=plan", *options)):
        done = mirror.terraform(root, *words, environment=environment)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
    done = mirror.terraform(root, "show", "-json", "plan", environment=environment)
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def rights(shown: dict[str, Any]) -> Iterator[Right]:
    """List the rights of a plan, also those in modules."""
    planned, written = shown["planned_values"]["root_module"], shown["configuration"]["root_module"]
    calls = written.get("module_calls", {})
    for module in [planned, *planned.get("child_modules", [])]:
        name = module.get("address", "").removeprefix("module.")
        inside = calls[name]["module"] if name else written
        texts = {(one["type"], one["name"]): one for one in inside["resources"]}
        deployer = calls[name]["expressions"]["deployer"]["references"][0] if name else ""
        for one in module["resources"]:
            if one["type"].endswith("_iam_member"):
                yield Right(one, texts[one["type"], one["name"]], name, deployer)


def who(right: Right) -> str:
    """Name who gets a right."""
    planned = str(right.planned["values"].get("member", ""))
    key, refers = right.planned.get("index", ""), right.argument("member")
    if planned.startswith("user:"):
        return "each member"
    if refers == "local.github_jobs":
        return "GitHub's jobs of ENV"
    if refers == "local.members":
        return "`members`"
    if agent := re.match(r'google_project_iam_member\.agent\["(\w+)"\]', refers):
        return f"Google's agent of {agent[1]}"
    if right.planned["name"] == "agent":
        return f"Google's agent of {key}"
    return f"`{key if refers == 'each.value' else account(right, refers)}-dev`"


def account(right: Right, refers: str) -> str:
    """Name the account that a reference leads to: in a module it is the module's."""
    name = refers.split(".")[1]
    return right.module if name == "this" else name


def where(right: Right) -> str:
    """Name on what a right is given."""
    kind = right.planned["type"].removesuffix("_iam_member")
    values = right.planned["values"]
    if kind == "google_service_account":
        name = account(right, right.argument("service_account_id"))
        return "account `members`" if name == "members" else f"account `{name}-dev`"
    if kind.startswith("google_cloud_run"):
        return f"{kind.rpartition('_')[2]} `{values['name']}`"
    return "database of ENV, by a condition" if values.get("condition") else PLACES[kind]


if __name__ == "__main__":
    main()
