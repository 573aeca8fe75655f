# The workflow monitor.yml looks for drift as the pipeline, which may read the predictions, and as
# which the deployer may start things anyway. Jobs of another environment may not.
resource "google_service_account_iam_member" "github_is_pipeline" {
  service_account_id = module.pipeline.name
  role               = "roles/iam.workloadIdentityUser"
  member             = local.github_jobs
}

resource "github_actions_environment_variable" "pipeline_account" {
  repository    = var.repository
  environment   = github_repository_environment.this.environment
  variable_name = "PIPELINE_ACCOUNT"
  value         = module.pipeline.email
}
