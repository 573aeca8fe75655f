mock_provider "google" {}
mock_provider "github" {}

run "nothing_costs_while_nobody_looks" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.dashboard.template[0].scaling[0].min_instance_count == 0
    error_message = "The dashboard must scale to zero."
  }
  assert {
    condition     = google_cloud_run_v2_service.dashboard.scaling[0].max_instance_count == 1
    error_message = "A session lives in the memory of one container."
  }
  assert {
    condition = one([
      for env in google_cloud_run_v2_service.dashboard.template[0].containers[0].env :
      env.value if env.name == "PUBLIC"
    ]) == "true"
    error_message = "A dashboard that is public must know it, or it would show single records."
  }
}

run "a_private_dashboard_is_open_to_nobody" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = !google_cloud_run_v2_service.dashboard.invoker_iam_disabled
    error_message = "Who looks must be known, and have the right."
  }
  assert {
    condition = one([
      for env in google_cloud_run_v2_service.dashboard.template[0].containers[0].env :
      env.value if env.name == "PUBLIC"
    ]) == "false"
    error_message = "A dashboard that is private may show single records."
  }
}
