# A program in the cloud: an account of its own, with rights on single resources; none is Compute
# Engine's default. Where a role exists for a whole project only, the reason stands beside it.
resource "google_service_account" "this" {
  account_id   = "${var.name}-${var.variables["APP_ENV"]}"
  display_name = "${var.name} (${var.variables["APP_ENV"]}): ${var.purpose}"
}

# The deployer starts this program as this account, and as no other.
resource "google_service_account_iam_member" "deployer_acts_as" {
  service_account_id = google_service_account.this.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_storage_bucket_iam_member" "data" {
  bucket = var.variables["GCS_BUCKET"]
  role   = var.writes ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = google_service_account.this.member
}
