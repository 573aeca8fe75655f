mock_provider "google" {}
mock_provider "github" {}

run "there_is_no_cluster_until_somebody_wants_one" {
  command = plan

  assert {
    condition     = length(google_container_cluster.cluster) + length(google_service_account_iam_member.pod_acts_as) == 0
    error_message = "A cluster costs by the hour."
  }
}

run "each_pod_acts_as_the_account_of_its_program" {
  command = plan
  variables {
    kubernetes = true
  }

  assert {
    condition     = google_container_cluster.cluster[0].enable_autopilot
    error_message = "Google must keep the machines: a pool of our own costs while no pod runs."
  }
  assert {
    condition     = google_service_account_iam_member.pod_acts_as["api"].member == "serviceAccount:example-project-123.svc.id.goog[app-dev/api]"
    error_message = "scripts/cluster.py gives namespace and account these names."
  }
}
