# `terraform -chdir=terraform/bootstrap init -backend=false`, then `... test`, as for environments.
mock_provider "google" {}

mock_provider "github" {
  mock_data "github_repository" {
    defaults = { repo_id = 987654 }
  }
}

variables {
  billing_account = "01ABCD-23EF45-67890A"
  owner           = "example-team"
  project_id      = "example-project-123"
  region          = "europe-west1"
  repository      = "example-repository"
}

run "the_budget_counts_what_credits_pay" {
  command = plan

  assert {
    condition     = google_billing_budget.credits.budget_filter[0].credit_types_treatment == "EXCLUDE_ALL_CREDITS"
    error_message = "With credits subtracted, the alert would never come."
  }
}

run "only_this_repository_is_trusted" {
  command = plan

  assert {
    condition     = strcontains(output.condition, "assertion.repository_id == '987654'")
    error_message = "A name can be taken by somebody else; the number cannot."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    billing_account = "My Billing Account"
    budget          = 0
    pool            = "gcp-github"
    project_id      = "1234567890"
    region          = "europe-west1-b"
  }
  expect_failures = [
    var.billing_account, var.budget, var.pool, var.project_id, var.region,
  ]
}
