mock_provider "google" {}

mock_provider "github" {
  mock_data "github_repository" {
    defaults = { repo_id = 987654 }
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
    pool = "gcp-github"
  }
  expect_failures = [var.pool]
}
