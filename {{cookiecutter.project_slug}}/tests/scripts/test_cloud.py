"""Environments on Google Cloud are made, and removed with the proof that nothing is left."""

import json

import cloud
import pytest
from shell import Shell

from app.errors import AppError, ConfigError

pytestmark = [pytest.mark.service, pytest.mark.unit]


def test_what_is_left_after_a_teardown_is_told(monkeypatch, recorder):
    monkeypatch.setattr(cloud, "_SEARCH_SECONDS", -1)
    left = [
        {"assetType": "storage.googleapis.com/Bucket", "name": "//storage/example-dev"},
        {"assetType": "storage.googleapis.com/Bucket", "name": "//storage/example-prd"},
    ]

    with pytest.raises(AppError, match="example-dev is left: always: GiB kept") as told:
        cloud.down(recorder({"asset": json.dumps(left)}), "example-project-123", "dev")

    assert "prd" not in str(told.value)


def test_what_a_cluster_made_belongs_to_its_environment(recorder):
    rule = "compute.googleapis.com/GlobalForwardingRule"
    names = ["gkegw1-4v0d-app-dev-api-a1b2", "gkegw1-4v0d-app-prd-api-c3d4", "api-dev"]
    found = json.dumps([{"assetType": rule, "name": f"//compute/{name}"} for name in names])

    left = cloud.list_resources(recorder({"asset": found}), "example-project-123", "dev")

    assert left == [(rule, "api-dev"), (rule, "gkegw1-4v0d-app-dev-api-a1b2")]


def made(*environments):
    """Give what Google answers where Terraform made these environments."""
    names = "\n".join(f"{env}/default.tfstate" for env in environments)
    answers = {"describe": "the bucket", "asset": "[]", "billing": "billingAccounts/01"}
    return answers | {"objects list": names, "cat": '{"resources": [{}]}'}


def test_what_is_protected_is_not_touched(recorder):
    for env in ("prd", "everything"):
        shell = recorder(made("dev", "prd"))

        with pytest.raises(ConfigError, match="prd is protected, .* write `protected = false`"):
            cloud.down(shell, "example-project-123", env)

        assert not [line for line in shell.commands if line.startswith("terraform")]


def test_what_was_never_made_protects_nothing(recorder):
    shell = recorder(made("dev"))

    cloud.down(shell, "example-project-123", "everything")

    destroyed = [line for line in shell.commands if " destroy " in line]
    assert [("environments/dev" in line, "bootstrap" in line) for line in destroyed] == [
        (True, False),
        (False, True),
    ]
    assert shell.commands[-1] == "\nNothing is left that costs."


def test_an_environment_that_was_removed_before_protects_nothing(recorder):
    shell = recorder(made("prd") | {"cat": '{"resources": []}'})

    cloud.down(shell, "example-project-123", "prd")

    assert not [line for line in shell.commands if " destroy " in line]


def test_a_state_that_cannot_be_listed_stops_the_teardown(recorder):
    class Refused(recorder):
        def read(self, *command, **options):
            if "objects" in command:
                raise AppError("403")
            return super().read(*command, **options)

    shell = Refused(made("dev"))

    with pytest.raises(AppError, match="403"):
        cloud.down(shell, "example-project-123", "everything")
    assert not [line for line in shell.commands if line.startswith("terraform")]


def test_a_teardown_that_runs_again_finds_no_state_and_proves_all_the_same(recorder):
    shell = recorder({"asset": "[]"})

    cloud.down(shell, "example-project-123", "dev")

    assert not [line for line in shell.commands if line.startswith("terraform")]


def test_a_teardown_ends_with_the_proof(recorder):
    shell = recorder(made("dev"))

    cloud.down(shell, "example-project-123", "dev")

    assert any("destroy" in line for line in shell.commands)
    assert shell.commands[-1] == "\nNothing of dev is left that costs."


def test_a_state_is_kept_where_nobody_loses_it(recorder):
    shell = recorder({"billing": "billingAccounts/01ABCD-23EF45-67890A"})

    cloud.up(shell, "example-project-123", "europe-west1", "dev")

    made = [n for n, line in enumerate(shell.commands) if "buckets create" in line]
    used = [n for n, line in enumerate(shell.commands) if line.startswith("terraform")]
    assert made[0] < used[0]
    assert any("-var=billing_account=01ABCD-23EF45-67890A" in line for line in shell.commands)


def test_who_owns_the_billing_account_needs_no_repository(recorder):
    shell = recorder({"billing": "billingAccounts/01ABCD-23EF45-67890A"})

    cloud.up(shell, "example-project-123", "europe-west1", "bootstrap")

    applied = [line for line in shell.commands if " apply " in line]
    assert [line.split()[1] for line in applied] == ["-chdir=terraform/bootstrap"]


def test_what_environments_share_is_not_read_again(recorder):
    shell = recorder({"billing": "billingAccounts/01ABCD-23EF45-67890A"})

    cloud.up(shell, "example-project-123", "europe-west1", "dev")

    applied = [line for line in shell.commands if " apply " in line]
    assert [("bootstrap" in line, "-refresh=false" in line) for line in applied] == [
        (True, True),
        (False, False),
    ]


def test_a_project_without_a_billing_account_is_told(recorder):
    with pytest.raises(ConfigError, match="no billing account: link the one with the credits"):
        cloud.up(recorder({}), "example-project-123", "europe-west1", "dev")


def test_a_program_that_is_missing_is_told_with_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AppError, match="terraform is not installed: https://"):
        Shell(rehearsal=False).run("terraform", "init")
