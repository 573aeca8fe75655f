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
  assert {
    condition     = google_cloud_run_v2_service.api.scaling[0].max_instance_count <= 2
    error_message = "A canary has two revisions; together they must have no more containers."
  }
}

run "a_public_api_needs_no_member_of_other_organisations" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.api.invoker_iam_disabled
    error_message = "Everybody must be able to ask, also where allUsers is forbidden."
  }
}

run "a_private_api_is_open_to_nobody" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = !google_cloud_run_v2_service.api.invoker_iam_disabled
    error_message = "Who asks must be known, and have the right."
  }
}

run "the_api_shows_records_to_named_accounts_only" {
  command = plan

  assert {
    condition = alltrue([
      for name in ["API_ACCOUNTS", "API_URL"] :
      contains(google_cloud_run_v2_service.api.template[0].containers[0].env[*].name, name)
    ])
    error_message = "Without both variables the API would refuse everybody."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    max_instances = 100
  }
  expect_failures = [var.max_instances]
}
