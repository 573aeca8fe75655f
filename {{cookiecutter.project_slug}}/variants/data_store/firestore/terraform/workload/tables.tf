# The rights on the tables in Firestore. Its roles exist for projects only; the condition narrows
# them to this database.
locals {
  database = "projects/${var.variables["GCP_PROJECT_ID"]}/databases/${var.variables["FIRESTORE_DATABASE"]}"
}

resource "google_project_iam_member" "tables" {
  project = var.variables["GCP_PROJECT_ID"]
  role    = var.writes ? "roles/datastore.user" : "roles/datastore.viewer"
  member  = google_service_account.this.member

  condition {
    title      = "database ${var.variables["FIRESTORE_DATABASE"]}"
    expression = "resource.name == \"${local.database}\""
  }
}
