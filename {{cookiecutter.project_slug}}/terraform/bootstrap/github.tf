# GitHub Actions prove who they are by a token of GitHub: there is no key to leak.
# The provider uses the login of `gh auth login`; nothing is stored here.
provider "github" {
  owner = var.owner
}

data "github_repository" "this" {
  full_name = "${var.owner}/${var.repository}"
}

locals {
  # Numbers, because a name can be given up and taken by somebody else.
  condition = join(" && ", [
    "assertion.repository_id == '${data.github_repository.this.repo_id}'",
    "assertion.repository == '${var.owner}/${var.repository}'",
    "assertion.ref in ['refs/heads/develop', 'refs/heads/main']",
    "has(assertion.environment)",
  ])
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = var.pool
  display_name              = "GitHub Actions"
  depends_on                = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"
  attribute_condition                = local.condition
  attribute_mapping = {
    "google.subject"        = "assertion.repository_id + ':' + assertion.environment"
    "attribute.environment" = "assertion.environment"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

output "condition" {
  description = "Whose tokens are taken"
  value       = local.condition
}
