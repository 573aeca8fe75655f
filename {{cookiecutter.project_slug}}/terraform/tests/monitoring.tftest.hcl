mock_provider "google" {}
mock_provider "github" {}

run "a_public_api_is_asked_from_outside" {
  command = plan

  assert {
    condition     = length(google_monitoring_uptime_check_config.api) == 1
    error_message = "Nobody would notice that the API is down."
  }
}

run "a_private_api_is_not_asked_from_outside" {
  command = plan
  variables {
    public = false
  }

  assert {
    condition     = length(google_monitoring_uptime_check_config.api) == 0
    error_message = "A private API cannot be checked from outside."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    alert_email = "nobody"
  }
  expect_failures = [var.alert_email]
}
