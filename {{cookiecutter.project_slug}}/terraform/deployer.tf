# The deployer is GitHub Actions of this environment. It may push images; each part of the system
# says beside its own resources what of it the deployer may start.
resource "google_service_account" "deployer" {
  account_id   = "deployer-${var.app_env}"
  display_name = "deployer (${var.app_env}): GitHub Actions of this environment"
}

# For whom the identity token of a release is: one for all services, because a job logs in once.
locals {
  audience = "release-${var.app_env}.${var.project_id}"
}

# GitHub's jobs of this environment are this deployer; those of another environment are not.
resource "google_service_account_iam_member" "github_is_deployer" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = local.github_jobs
}

resource "google_artifact_registry_repository_iam_member" "deployer_pushes" {
  location   = var.region
  repository = "images"
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer.member
}
