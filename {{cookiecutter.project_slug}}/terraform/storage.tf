# Raw files, models and the champion's pointer.
resource "google_storage_bucket" "data" {
  name                        = "${var.project_id}-${var.app_env}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  versioning {
    enabled = true
  }
  # Versions bring back what was deleted; without this, a deleted bucket is kept, and paid, a week.
  soft_delete_policy {
    retention_duration_seconds = 0
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
      age = 30
      matches_prefix = [
        ".staged/",
        # >>> sprint >= 4
        "pipeline/",
        # <<<
      ]
    }
  }
}
