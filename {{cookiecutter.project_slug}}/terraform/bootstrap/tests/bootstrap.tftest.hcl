# `terraform -chdir=terraform/bootstrap init -backend=false`, then `... test`, as for environments.
mock_provider "google" {}
# >>> sprint >= 3
mock_provider "github" {}
# <<<

run "the_budget_counts_what_credits_pay" {
  command = plan

  assert {
    condition     = google_billing_budget.credits[0].budget_filter[0].credit_types_treatment == "EXCLUDE_ALL_CREDITS"
    error_message = "With credits subtracted, the alert would never come."
  }
}

run "a_team_that_may_make_no_budget_makes_all_the_rest" {
  command = plan
  variables {
    budget = 0
  }

  assert {
    condition     = length(google_billing_budget.credits) == 0
    error_message = "Who may not make a budget must be able to leave it out."
  }
}

run "each_member_may_use_the_data" {
  command = plan
  variables {
    members = ["ada@example.com", "grace@example.com"]
  }

  assert {
    condition = length([
      for right in google_project_iam_member.member : right
      if right.role == "roles/storage.objectUser" && startswith(right.member, "user:")
    ]) == 2
    error_message = "A member who is in the list must be able to read and write data."
  }
  # >>> sprint >= 3
  assert {
    condition     = length(google_service_account_iam_member.member_is_members) == 2
    error_message = "A member who is in the list must be able to ask for past predictions."
  }
  # <<<
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    billing_account = "My Billing Account"
    budget          = -50
    members         = ["user:ada@example.com"]
    project_id      = "1234567890"
    region          = "europe-west1-b"
  }
  expect_failures = [var.billing_account, var.budget, var.members, var.project_id, var.region]
}
