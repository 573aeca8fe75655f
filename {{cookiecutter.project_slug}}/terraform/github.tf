# What the workflows read: an environment of GitHub with its variables. None is secret.
# The provider uses the login of `gh auth login`; nothing is stored here.
provider "github" {
  owner = var.owner
}

data "google_project" "this" {}

locals {
  pool        = "projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.pool}"
  github_jobs = "principalSet://iam.googleapis.com/${local.pool}/attribute.environment/${var.app_env}"
  # What is merged to develop goes to dev and tst, what is merged to main to acc and prd.
  branch = contains(["acc", "prd"], var.app_env) ? "main" : "develop"
}

data "github_user" "approver" {
  for_each = toset(var.approvers)
  username = each.key
}

resource "github_repository_environment" "this" {
  repository  = var.repository
  environment = var.app_env

  dynamic "reviewers" {
    for_each = length(var.approvers) > 0 ? [1] : []
    content {
      users = [for user in data.github_user.approver : user.id]
    }
  }
  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "branch" {
  repository     = var.repository
  environment    = github_repository_environment.this.environment
  branch_pattern = local.branch
}

# The workflow deploy.yml leaves an environment out until this says that it is there.
resource "github_actions_variable" "ready" {
  repository    = var.repository
  variable_name = "READY_${upper(var.app_env)}"
  value         = google_cloud_run_v2_service.api.uri
}

resource "github_actions_environment_variable" "this" {
  for_each = merge(local.variables, {
    AUDIENCE          = local.audience
    DEPLOYER          = google_service_account.deployer.email
    IDENTITY_PROVIDER = "${local.pool}/providers/actions"
    IMAGES            = "${var.region}-docker.pkg.dev/${var.project_id}/images"
    API_URL           = local.api_url
  })
  repository    = var.repository
  environment   = github_repository_environment.this.environment
  variable_name = each.key
  value         = each.value
}
