mock_provider "google" {}
mock_provider "github" {}

run "nothing_runs_by_itself" {
  command = plan

  assert {
    condition     = length(google_cloud_scheduler_job.update) == 0
    error_message = "The pipeline must run by schedule only if somebody chose one."
  }
}

run "a_schedule_starts_the_look_for_new_data" {
  command = plan
  variables {
    schedule = "0 5 * * 1"
  }

  assert {
    condition     = google_cloud_scheduler_job.update[0].schedule == "0 5 * * 1"
    error_message = "The schedule that somebody chose must be the scheduler's."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    batch_tasks = 0
    schedule    = "daily"
  }
  expect_failures = [var.batch_tasks, var.schedule]
}
