"""The Terraform of a project, judged by Terraform itself and the providers' whole schemas."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess

import celpy
import pytest
from conftest import TEMPLATE
from terraform_standin import mirror

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("terraform")]

ENVIRONMENTS = ("dev", "tst", "acc", "prd")
STORES = ("BigQuery", "Firestore", "Cloud Storage")
OF_PROJECTS = {
    "roles/aiplatform.user", "roles/bigquery.jobUser", "roles/datastore.user",
    "roles/datastore.viewer",
}  # fmt: skip
"""Roles that exist for whole projects only; the files say so beside each."""

APIS = {
    "artifact_registry": "artifactregistry", "bigquery": "bigquery", "billing": "billingbudgets",
    "cloud_run": "run", "cloud_scheduler": "cloudscheduler", "firestore": "firestore",
    "iam": "iam", "monitoring": "monitoring", "project_iam": "cloudresourcemanager",
    "project_service": "serviceusage", "service_account": "iam", "storage": "storage",
}  # fmt: skip


SHARED = [
    ".checkov.yaml",
    "scripts/cloud.py",
    "scripts/shell.py",
    "tests/scripts/conftest.py",
    "tests/scripts/test_cloud.py",
]
"""What else makes or uses the cloud."""

WORDS = {
    3: r"allUsers|api_url|artifactregistry|cloud.run|deployer|docker|github(?!_actions$)|images"
    r"|predictions|run\.googleapis|workload",
    4: r"aiplatform|batch|pipeline|schedule|train\.yml|vertex",
    5: r"dashboard(?!_json)|streamlit",
    6: r"alert_email|drift|google_monitoring|monitor\.yml|uptime",
}
"""Words that only the parts of a sprint use."""


@pytest.fixture(scope="module")
def providers():
    try:
        return mirror.install()
    except mirror.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def rooted(bake, providers):
    """Give, for a data store, a project whose two roots are initialised."""
    made = {}

    def root(store="BigQuery"):
        if store not in made:
            made[store] = initialise(bake(data_store=store).path / "terraform", providers)
        return made[store]

    return root


def initialise(folder, providers):
    """Initialise both roots, with their state on this machine."""
    for root in (folder, folder / "bootstrap"):
        own = 'terraform {\n  backend "local" {}\n}\n'
        (root / "zz_override.tf").write_text(own, encoding="utf-8")
        ready = mirror.terraform(root, "init", "-input=false", environment=providers)
        assert ready.returncode == 0, ready.stderr
    return folder


def of_the_cloud(project):
    """List the files that make or use the cloud."""
    files = (project / "terraform").rglob("*")
    files = [path for path in files if path.is_file() and ".terraform" not in path.parts]
    return files + [project / path for path in SHARED if (project / path).exists()]


def plan(folder, providers, *options):
    """Plan a root as if nothing existed, and give the plan."""
    told = mirror.terraform(folder, "plan", "-out=plan", *options, environment=providers)
    assert told.returncode == 0, told.stdout + told.stderr
    shown = mirror.terraform(folder, "show", "-json", "plan", environment=providers)
    return json.loads(shown.stdout)


def plan_environment(folder, providers, env, **variables):
    files = ["-var-file=project.tfvars", f"-var-file=environments/{env}.tfvars"]
    given = {"approvers": '["ada-example"]'} | variables
    more = [f"-var={name}={value}" for name, value in given.items()]
    return plan(folder, providers, *files, *more)


def plan_bootstrap(folder, providers):
    options = ["-var-file=../project.tfvars", "-var=billing_account=01ABCD-23EF45-67890A"]
    return plan(folder / "bootstrap", providers, *options)


def planned(found, kind=""):
    """Give the planned values of all resources of a kind, also of those in modules."""
    root = found["planned_values"]["root_module"]
    modules = [root, *root.get("child_modules", [])]
    resources = [one for module in modules for one in module["resources"]]
    return [one["values"] for one in resources if one["type"].startswith(kind)]


def configured(found):
    """Give the resources as they are written, also those in modules."""
    root = found["configuration"]["root_module"]
    calls = root.get("module_calls", {}).values()
    modules = [root, *(call["module"] for call in calls)]
    return [one for module in modules for one in module["resources"]]


@pytest.mark.parametrize("store", STORES)
def test_the_files_are_formatted_and_the_projects_own_tests_pass(rooted, providers, store):
    check(rooted(store), providers)
    own_tests(rooted(store), providers)


def check(folder, providers):
    """Have Terraform judge the format of both roots, and whether they are valid."""
    format_ = ("fmt", "-check", "-diff", "-recursive")
    told = mirror.terraform(folder, *format_, environment=providers)
    assert told.returncode == 0, told.stdout
    for root in (folder, folder / "bootstrap"):
        valid = mirror.terraform(root, "validate", "-no-color", environment=providers)
        assert valid.returncode == 0, valid.stderr


def own_tests(folder, providers):
    """Run the tests that the project has of both roots."""
    for root in (folder, folder / "bootstrap"):
        tested = mirror.terraform(root, "test", "-no-color", environment=providers)
        assert tested.returncode == 0, tested.stdout + tested.stderr
        assert re.search(r"[1-9]\d* passed, 0 failed", tested.stdout)


@pytest.fixture
def stage(bake, providers):
    """Give a project as it is at a sprint, with both roots initialised."""

    def generate(sprint, store="BigQuery"):
        project = bake(data_store=store, until_sprint=sprint)
        initialise(project.path / "terraform", providers)
        return project

    return generate


@pytest.mark.xdist_group("terraform-stages")
@pytest.mark.parametrize("sprint", ["2", "3", "4"])
@pytest.mark.parametrize("store", STORES)
def test_each_stage_is_whole_and_tells_nothing_of_later_ones(stage, providers, store, sprint):
    project = stage(sprint, store)

    check(project.path / "terraform", providers)
    assert later_words(sprint, project.path) == []


@pytest.mark.xdist_group("terraform-stages")
@pytest.mark.parametrize("sprint", ["2", "3", "4"])
def test_each_stage_passes_its_own_tests(stage, providers, sprint):
    project = stage(sprint)

    own_tests(project.path / "terraform", providers)
    for command in ("ruff check --no-cache", "ruff format --no-cache --check", "pytest -q"):
        done = project.run(*command.split(), "tests/scripts")
        assert done.returncode == 0, done.stdout + done.stderr


def later_words(sprint, project):
    """List the lines with words of later sprints."""
    words = [words for number, words in WORDS.items() if number > int(sprint)]
    later = re.compile("|".join(words), re.IGNORECASE)
    return [
        f"{path.name}: {line}"
        for path in of_the_cloud(project)
        for line in path.read_text(encoding="utf-8").splitlines()
        if later.search(line)
    ]


@pytest.mark.parametrize(("before", "sprint"), [("2", "3"), ("3", "4"), ("4", "everything")])
def test_each_sprint_brings_words_that_are_found(bake, before, sprint):
    assert later_words(before, bake(until_sprint=sprint).path)


@pytest.mark.parametrize(
    "fault",
    [
        ("api.tf", "max_instance_count = var", "max_instances = var", "Unsupported argument"),
        ("api.tf", "var.max_instances", "100", "must not spend the credits"),
        (
            "variables_github.tf",
            'var.app_env != "prd" || length(var.approvers) > 0',
            "true",
            "var.approvers",
        ),
        ("monitoring.tf", "google_monitoring_dashboard", "google_dashboard", "Invalid resource"),
    ],
)
def test_faults_are_found(rooted, providers, tmp_path, fault):
    file, good, broken, told = fault
    copy = tmp_path / "copy"
    shutil.copytree(rooted(), copy, symlinks=True)
    text = (copy / file).read_text(encoding="utf-8")
    assert good in text
    (copy / file).write_text(text.replace(good, broken), encoding="utf-8")

    done = mirror.terraform(copy, "test", "-no-color", environment=providers)

    assert done.returncode == 1
    assert told in done.stdout + done.stderr


@pytest.mark.xdist_group("terraform-stages")
@pytest.mark.parametrize("sprint", ["3", "everything"])
def test_a_cluster_is_whole_and_each_pod_is_its_program(bake, providers, sprint):
    folder = bake(kubernetes="yes", until_sprint=sprint).path / "terraform"
    initialise(folder, providers)
    check(folder, providers)
    own_tests(folder, providers)

    found = plan_environment(folder, providers, "dev", kubernetes="true")

    (cluster,) = planned(found, "google_container_cluster")
    assert cluster["name"] == "app-dev"
    assert cluster["enable_autopilot"]
    roles = {one["role"] for one in planned(found, "google_project_iam")}
    assert roles <= OF_PROJECTS | {"roles/container.defaultNodeServiceAccount"}
    members = [one.get("member", "") for one in planned(found, "google_service_account_iam_member")]
    pods = {name for one in members for name in re.findall(r"svc\.id\.goog\[app-dev/(\w+)\]", one)}
    assert pods == ({"api"} if sprint == "3" else {"api", "batch", "dashboard"})
    enabled = planned(plan_bootstrap(folder, providers), "google_project_service")
    assert "container.googleapis.com" in {one["service"] for one in enabled}


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("store", STORES)
def test_every_environment_keeps_the_promises(rooted, providers, env, store):
    found = plan_environment(rooted(store), providers, env, schedule="0 5 * * 1")
    services = planned(found, "google_cloud_run_v2_service")
    services = [one for one in services if "template" in one]
    jobs = [
        one["template"][0] for one in planned(found, "google_cloud_run_v2_job") if "template" in one
    ]

    assert len(services) == len(jobs) == 2
    for service in services:
        assert service["invoker_iam_disabled"], "it is public, whatever an organisation allows"
        assert service["custom_audiences"] == [audience(found)]
        assert 1 <= service["scaling"][0]["max_instance_count"] <= 2, "of two revisions together"
        service = service["template"][0]
        assert service["scaling"] == [service["scaling"][0] | {"min_instance_count": 0}], (
            "nothing runs while nobody asks"
        )
        assert 1 <= service["scaling"][0]["max_instance_count"] <= 2
        variables = {one["name"]: one.get("value") for one in service["containers"][0]["env"]}
        assert variables["APP_ENV"] == env
    roles = {one["role"] for one in planned(found, "google_project_iam")}
    assert roles <= OF_PROJECTS
    assert "roles/aiplatform.user" in roles
    members = re.findall(r'"member":"([^"]+)"', json.dumps(found, separators=(",", ":")))
    assert not [m for m in members if m.startswith("all") or "compute@developer" in m]
    branch = planned(found, "github_repository_environment_deployment_policy")[0]
    assert branch["branch_pattern"] == ("develop" if env in ("dev", "tst") else "main")


def audience(found):
    """Give for whom the workflow asks an identity token."""
    variables = planned(found, "github_actions_environment_variable")
    return next(one["value"] for one in variables if one["variable_name"] == "AUDIENCE")


@pytest.mark.parametrize("public", ["true", "false"])
def test_whoever_releases_may_ask_each_service(rooted, providers, public):
    """A private system is released by the same workflow as a public one."""
    found = plan_environment(rooted(), providers, "dev", public=public)
    asked = {
        str(one["expressions"]["name"])
        for one in configured(found)
        if one["type"] == "google_cloud_run_v2_service_iam_member"
        and one["expressions"]["role"]["constant_value"] == "roles/run.invoker"
        and "deployer" in str(one["expressions"]["member"])
    }

    assert {re.search(r"v2_service\.(\w+)", name)[1] for name in asked} == {"api", "dashboard"}


def test_each_workload_has_an_account_of_its_own(rooted, providers):
    """What runs names its account by a reference; without one it would be Compute Engine's."""
    found = plan_environment(rooted(), providers, "dev")
    named = {}
    for one in configured(found):
        if one["type"] in ("google_cloud_run_v2_service", "google_cloud_run_v2_job"):
            template = one["expressions"]["template"][0]
            template = template.get("template", [template])[0]
            account = re.search(r"module\.(\w+)\.email", str(template["service_account"]))
            named[one["name"]] = account[1]

    assert named == {"api": "api", "dashboard": "dashboard", "job": "pipeline"}
    made = planned(found, "google_service_account")
    accounts = {one["account_id"] for one in made if "account_id" in one}
    assert accounts == {"api-dev", "dashboard-dev", "deployer-dev", "pipeline-dev"}


@pytest.mark.parametrize("store", STORES)
def test_every_api_that_is_needed_is_enabled_first(rooted, providers, store):
    folder = rooted(store)
    first = plan_bootstrap(folder, providers)
    then = plan_environment(folder, providers, "dev", schedule="0 5 * * 1")
    enabled = {one["service"].split(".")[0] for one in planned(first, "google_project_service")}
    for found in (first, then):
        for one in configured(found):
            if one["type"].startswith("google_") and one["mode"] == "managed":
                api = next(
                    a for word, a in APIS.items() if one["type"].startswith(f"google_{word}")
                )
                assert api in enabled, one["address"]
    assert not too_early(folder / "bootstrap", providers, first)


@pytest.mark.xdist_group("terraform-stages")
@pytest.mark.parametrize("sprint", ["3", "4", "everything"])
def test_the_agents_that_get_roles_were_made_before(stage, providers, sprint):
    """A role for an agent that Google has not made yet would need a second run."""
    project = stage(sprint)
    found = plan_bootstrap(project.path / "terraform", providers)
    roles = {one["role"] for one in planned(found, "google_project_iam")}

    rehearsed = project.poe("cloud-up", "dev", "--dry-run")

    made = re.findall(r"identity create .*--service=(\w+)\.googleapis\.com", rehearsed)
    assert roles == {f"roles/{name}.serviceAgent" for name in made}
    assert "run" in made
    assert rehearsed.rindex("identity create") < rehearsed.index("bootstrap apply")


@pytest.fixture(scope="module")
def principals():
    return runpy.run_path(str(TEMPLATE / "scripts/principals.py"))


def rights_told(project, principals):
    """Give the rows of a project's page."""
    page = (project / "docs/DEPLOYMENT.md").read_text(encoding="utf-8")
    table = page.partition(principals["HEAD"])[2].partition("\n\n")[0]
    return table.splitlines()


@pytest.mark.parametrize("store", STORES)
def test_the_page_tells_who_may_do_what(rooted, principals, store):
    project = rooted(store).parent
    told = rights_told(project, principals)

    assert told
    assert told == sorted(principals["of_project"](project)), "run `uv run poe principals`"


@pytest.mark.xdist_group("terraform-stages")
@pytest.mark.parametrize("sprint", ["3", "4"])
def test_the_page_tells_it_at_each_stage(stage, principals, sprint):
    project = stage(sprint).path

    told = rights_told(project, principals)

    assert told == sorted(principals["of_project"](project)), "run `uv run poe principals`"


def test_a_right_more_is_seen(rooted, principals, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(rooted(), copy / "terraform", symlinks=True)
    file = copy / "terraform/dashboard.tf"
    text = file.read_text(encoding="utf-8").replace("writes    = false", "writes    = true")
    file.write_text(text, encoding="utf-8")

    more = principals["of_project"](copy) - set(rights_told(rooted().parent, principals))

    assert {row.split("|")[1].strip() for row in more} == {"`dashboard-ENV`"}
    assert len(more) == 2, "the bucket and the tables"


def too_early(root, providers, found):
    """List the resources that Terraform could make before the APIs are enabled."""
    graph = mirror.terraform(root, "graph", environment=providers).stdout
    edges = set(re.findall(r'"(\S+)" -> "(\S+)"', graph))
    reached = {"google_project_service.api"}
    while more := {a for a, b in edges if b in reached} - reached:
        reached |= more
    resources = found["configuration"]["root_module"]["resources"]
    return {one["address"] for one in resources if one["type"].startswith("google_")} - reached


def test_a_resource_that_does_not_wait_is_found(rooted, providers, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(rooted(), copy, symlinks=True)
    file = copy / "bootstrap/github.tf"
    text = re.sub(r"\n  depends_on .*", "", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")

    found = too_early(copy / "bootstrap", providers, plan_bootstrap(copy, providers))

    assert found == {
        "google_iam_workload_identity_pool.github",
        "google_iam_workload_identity_pool_provider.github",
    }


def test_the_tables_are_those_that_the_api_writes(rooted, providers):
    """The columns of tables.tf are those of the history."""
    folder = rooted()
    found = plan_environment(folder, providers, "dev")
    tables = {
        one["table_id"]: [(c["name"], c["type"]) for c in json.loads(one["schema"])]
        for one in planned(found, "google_bigquery_table")
    }
    code = (
        "import json; from app.storage.appended import COLUMNS, stored_types; "
        "from app.storage.cloud import fields; "
        "print(json.dumps({table: [(f.name, f.field_type) for f in fields(stored_types(table))] "
        "for table in COLUMNS}))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = ["uv", "--directory", str(folder.parent), "run", "--quiet", "python", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)

    assert {name: sorted(columns) for name, columns in tables.items()} == {
        name: sorted(map(tuple, columns)) for name, columns in json.loads(done.stdout).items()
    }


def test_every_variable_is_explained(rooted):
    for file in [*rooted().glob("variables*.tf"), *rooted().glob("*/variables*.tf")]:
        text = file.read_text(encoding="utf-8")
        blocks = re.findall(r'variable "(\w+)" \{(.*?)\n\}', text, flags=re.DOTALL)
        assert blocks
        assert [name for name, _ in blocks] == sorted(name for name, _ in blocks)
        for name, block in blocks:
            assert "description" in block, name
            free = name in ("owner", "repository", "public", "protected")
            of_module = file.parent.name == "workload"  # given by our own files only
            assert free or of_module or "error_message" in block, name


@pytest.fixture(scope="module")
def condition(rooted, providers):
    """Plan the condition under which Google Cloud takes a token of GitHub."""
    outputs = plan_bootstrap(rooted(), providers)["planned_values"]["outputs"]
    return outputs["condition"]["value"]


CLAIMS = {
    "repository_id": "1",
    "repository": "example-team/penguin-observatory",
    "ref": "refs/heads/main",
    "environment": "prd",
}


@pytest.mark.parametrize(
    ("changed", "trusted"),
    [
        ({}, True),
        ({"ref": "refs/heads/develop", "environment": "dev"}, True),
        ({"repository_id": "2"}, False),
        ({"repository": "somebody/penguin-observatory", "repository_id": "3"}, False),
        ({"repository": "Example-Team/penguin-observatory"}, False),
        ({"ref": "refs/heads/feature"}, False),
        ({"ref": "refs/pull/1/merge"}, False),
        ({"environment": None}, False),
    ],
    ids=["main", "develop", "other", "fork", "case", "branch", "pull-request", "no-environment"],
)
def test_google_trusts_this_repository_only(condition, changed, trusted):
    claims = {name: value for name, value in (CLAIMS | changed).items() if value}
    environment = celpy.Environment()
    program = environment.program(environment.compile(condition))

    assert bool(program.evaluate({"assertion": celpy.json_to_cel(claims)})) is trusted


BILLING = "01ABCD-23EF45-67890A"


@pytest.fixture
def as_printed(bake, rooted, providers, tmp_path):
    """Give a function that runs what `cloud-up` and `cloud-down` print, with a state here."""
    project = bake()
    printed = project.poe("cloud-up", "dev", "--dry-run")
    printed += project.poe("cloud-down", "everything", "--dry-run")
    lines = [line for line in printed.splitlines() if "acc.tfvars" not in line]
    shutil.copytree(rooted(), tmp_path / "terraform", symlinks=True)

    def runs(root, verb, *more, **variables):
        words = f"$ terraform -chdir={root} {verb} "
        line = next(line for line in lines if line.startswith(words))
        options = shlex.split(line.replace("ACCOUNT", BILLING).removeprefix(words))
        environment = providers | {"TF_VAR_approvers": '["ada-example"]'} | variables
        return mirror.terraform(tmp_path / root, verb, *options, *more, environment=environment)

    return runs


def state(folder):
    return json.loads((folder / "terraform.tfstate").read_text(encoding="utf-8"))


def test_a_second_person_needs_no_right_on_the_billing_account(as_printed):
    """One owns the billing account, the other the repository; both run the same commands."""
    first = as_printed("terraform/bootstrap", "apply", "-auto-approve")
    assert first.returncode == 0, first.stdout + first.stderr
    stranger = {"REFUSED": "google_billing_budget"}

    second = as_printed("terraform/bootstrap", "apply", "-auto-approve", **stranger)
    reads = as_printed("terraform/bootstrap", "apply", "-refresh=true", "-auto-approve", **stranger)

    assert second.returncode == 0, second.stdout + second.stderr
    assert "No changes" in second.stdout
    assert "google_billing_budget: Error 403" in reads.stderr, "without our option, it is refused"


def test_what_a_release_changes_is_no_difference_for_terraform(as_printed, tmp_path):
    made = as_printed("terraform", "apply", "-auto-approve")
    assert made.returncode == 0, made.stdout + made.stderr
    folder = tmp_path / "terraform"
    released = state(folder)
    for resource in released["resources"]:
        if resource["type"] in ("google_cloud_run_v2_service", "google_cloud_run_v2_job"):
            for one in resource["instances"]:
                template = one["attributes"]["template"][0]
                template.get("template", [template])[0]["containers"][0]["image"] = "ours@sha256:01"
    (folder / "terraform.tfstate").write_text(json.dumps(released), encoding="utf-8")

    again = as_printed("terraform", "apply", "-auto-approve")

    assert "No changes" in again.stdout, again.stdout


@pytest.mark.parametrize("file", ["api.tf", "dashboard.tf", "jobs.tf"])
def test_labels_that_gcloud_gives_are_no_difference(rooted, file):
    """Read as text: the schema that stands in does not know that Google fills none of them."""
    ignored = (rooted() / file).read_text(encoding="utf-8").partition("ignore_changes = [")[2]

    assert "template[0].labels" in ignored.partition("\n    ]")[0]


def test_on_the_last_day_nothing_is_left_in_any_state(as_printed, tmp_path):
    roots = ("terraform/bootstrap", "terraform")
    for root in roots:
        assert as_printed(root, "apply", "-auto-approve").returncode == 0
        assert state(tmp_path / root)["resources"]

    for root in reversed(roots):
        gone = as_printed(root, "destroy", "-auto-approve")
        assert gone.returncode == 0, gone.stdout + gone.stderr

    assert [state(tmp_path / root)["resources"] for root in roots] == [[], []]


@pytest.mark.parametrize("sprint", ["3", "everything"])
def test_checkov_finds_nothing_unexplained(bake, sprint):
    project = bake(until_sprint=sprint).path
    command = ["uvx", "--quiet", "checkov@3.3.30", "-d", ".", "--config-file", ".checkov.yaml"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "terraform scan results" in done.stdout
    text = (project / ".checkov.yaml").read_text(encoding="utf-8")
    assert all("#" in line for line in text.splitlines() if "CKV_" in line)
