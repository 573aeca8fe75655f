mock_provider "google" {}
mock_provider "github" {}

run "nothing_costs_while_nobody_looks" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.dashboard.template[0].scaling[0].min_instance_count == 0
    error_message = "The dashboard must scale to zero."
  }
  assert {
    condition     = google_cloud_run_v2_service.dashboard.template[0].scaling[0].max_instance_count == 1
    error_message = "A session lives in the memory of one container."
  }
}

run "a_private_dashboard_is_open_to_nobody" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.everybody_sees_dashboard) == 0
    error_message = "allUsers must not be able to look."
  }
}
