# `terraform -chdir=terraform init -backend=false`, then `terraform -chdir=terraform test`: no account
# is needed, the providers are mocked. The values of the variables are in terraform.tfvars beside it.
mock_provider "google" {}
# >>> sprint >= 3
mock_provider "github" {}
# <<<

run "data_are_private_and_can_be_brought_back" {
  command = plan

  assert {
    condition     = google_storage_bucket.data.public_access_prevention == "enforced"
    error_message = "Nobody may be able to open the bucket to everybody."
  }
  assert {
    condition     = google_storage_bucket.data.versioning[0].enabled
    error_message = "What was replaced or deleted must be kept for some days."
  }
}

run "what_is_protected_is_not_deleted_with_its_data" {
  command = plan
  variables {
    protected = true
  }

  assert {
    condition     = !google_storage_bucket.data.force_destroy
    error_message = "A protected bucket must not be deleted with what is in it."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    app_env    = "production"
    project_id = "My First Project"
    region     = "Belgium"
  }
  expect_failures = [var.app_env, var.project_id, var.region]
}
