# `terraform -chdir=terraform init -backend=false`, then `terraform -chdir=terraform test`: no account
# is needed, the providers are mocked.
mock_provider "google" {}

mock_provider "github" {
  mock_data "github_user" {
    defaults = { id = "12345" }
  }
}

variables {
  app_env    = "dev"
  branch     = "develop"
  owner      = "example-team"
  pool       = "projects/123456789012/locations/global/workloadIdentityPools/github"
  project_id = "example-project-123"
  region     = "europe-west1"
  repository = "example-repository"
}

run "nothing_costs_while_nobody_asks" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.api.template[0].scaling[0].min_instance_count == 0
    error_message = "The API must scale to zero."
  }
  assert {
    condition     = google_cloud_run_v2_service.api.template[0].scaling[0].max_instance_count <= 2
    error_message = "A flood of requests must not spend the credits."
  }
  assert {
    condition     = length(google_cloud_scheduler_job.update) == 0
    error_message = "The pipeline must run by schedule only if somebody chose one."
  }
}

run "a_private_system_is_open_to_nobody" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.public) == 0
    error_message = "allUsers must not be able to ask."
  }
  assert {
    condition     = length(google_monitoring_uptime_check_config.api) == 0
    error_message = "A private API cannot be checked from outside."
  }
}

run "prd_needs_somebody_who_approves" {
  command = plan
  variables {
    app_env = "prd"
    branch  = "main"
  }
  expect_failures = [var.approvers]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    alert_email   = "nobody"
    app_env       = "production"
    batch_tasks   = 0
    branch        = "feature"
    max_instances = 100
    pool          = "github"
    project_id    = "My First Project"
    region        = "Belgium"
    schedule      = "daily"
  }
  expect_failures = [
    var.alert_email, var.app_env, var.batch_tasks, var.branch, var.max_instances, var.pool,
    var.project_id, var.region, var.schedule,
  ]
}
