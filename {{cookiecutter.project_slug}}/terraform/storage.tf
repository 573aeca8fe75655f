# Raw files, models and the champion's pointer.
resource "google_storage_bucket" "data" {
  name                        = "${var.project_id}-${var.app_env}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.app_env != "prd" # the data of prd are deleted by hand

  versioning {
    enabled = true
  }
  # A version that was replaced or deleted can be brought back for 30 days.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
    }
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 30
      matches_prefix = ["pipeline/", ".staged/"]
    }
  }
}

resource "google_storage_bucket_iam_member" "data" {
  for_each = {
    api       = "roles/storage.objectUser"
    dashboard = "roles/storage.objectViewer"
    pipeline  = "roles/storage.objectUser"
    deployer  = "roles/storage.objectUser"
  }
  bucket = google_storage_bucket.data.name
  role   = each.value
  member = local.member[each.key]
}
