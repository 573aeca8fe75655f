mock_provider "google" {}

mock_provider "github" {
  mock_data "github_user" {
    defaults = { id = "12345" }
  }
}

run "what_is_merged_to_develop_goes_to_dev" {
  command = plan

  assert {
    condition     = github_repository_environment_deployment_policy.branch.branch_pattern == "develop"
    error_message = "dev must take the branch develop only."
  }
}

run "what_is_merged_to_main_goes_to_prd" {
  command = plan
  variables {
    app_env   = "prd"
    approvers = ["ada-example"]
  }

  assert {
    condition     = github_repository_environment_deployment_policy.branch.branch_pattern == "main"
    error_message = "prd must take the branch main only."
  }
}

run "prd_needs_somebody_who_approves" {
  command = plan
  variables {
    app_env = "prd"
  }
  expect_failures = [var.approvers]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    pool = "gcp-github"
  }
  expect_failures = [var.pool]
}
