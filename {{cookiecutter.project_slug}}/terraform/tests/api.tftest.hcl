mock_provider "google" {}
mock_provider "github" {}

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
}

run "a_private_api_is_open_to_nobody" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.everybody_asks_api) == 0
    error_message = "allUsers must not be able to ask."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    max_instances = 100
  }
  expect_failures = [var.max_instances]
}
