# An identity for each workload, with roles on single resources; none is Compute Engine's default.
# Where a role exists for a whole project only, the reason stands beside it.
locals {
  workloads = {
    api       = "answers requests, keeps predictions"
    dashboard = "reads tables"
    pipeline  = "trains, promotes, scores tables"
    deployer  = "GitHub Actions of this environment"
  }
  member = { for name, account in google_service_account.workload : name => account.member }
}

resource "google_service_account" "workload" {
  for_each     = local.workloads
  account_id   = "${each.key}-${var.app_env}"
  display_name = "${each.key} (${var.app_env}): ${each.value}"
}

# The deployer starts services, jobs and pipelines as these accounts, and as no other.
resource "google_service_account_iam_member" "acts_as" {
  for_each           = toset(["api", "dashboard", "pipeline"])
  service_account_id = google_service_account.workload[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.member["deployer"]
}

# The scheduled look for new data submits the pipeline as itself.
resource "google_service_account_iam_member" "pipeline_submits" {
  service_account_id = google_service_account.workload["pipeline"].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.member["pipeline"]
}

# GitHub's jobs of this environment are this deployer, and to monitor the pipeline's account, as which
# the deployer may start things anyway; those of another environment are neither.
resource "google_service_account_iam_member" "github" {
  for_each           = toset(["deployer", "pipeline"])
  service_account_id = google_service_account.workload[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${var.pool}/attribute.environment/${var.app_env}"
}

# Vertex AI knows no smaller place than a project to run a pipeline in.
resource "google_project_iam_member" "vertex" {
  for_each = toset(["deployer", "pipeline"])
  project  = var.project_id
  role     = "roles/aiplatform.user"
  member   = local.member[each.key]
}

resource "google_artifact_registry_repository_iam_member" "pulls" {
  location   = var.region
  repository = "images"
  role       = "roles/artifactregistry.reader"
  member     = local.member["pipeline"]
}

resource "google_artifact_registry_repository_iam_member" "pushes" {
  location   = var.region
  repository = "images"
  role       = "roles/artifactregistry.writer"
  member     = local.member["deployer"]
}
