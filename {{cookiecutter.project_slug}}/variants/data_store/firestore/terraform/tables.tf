# The tables in Firestore: a database of its own. Its place can never be changed.
locals {
  table_variables = { FIRESTORE_DATABASE = google_firestore_database.tables.name }
}

resource "google_firestore_database" "tables" {
  name                    = "ml-${var.app_env}"
  location_id             = var.region
  type                    = "FIRESTORE_NATIVE"
  delete_protection_state = var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy         = var.protected ? "ABANDON" : "DELETE"
}

# Firestore's roles exist for projects only; the condition narrows them to this database.
resource "google_project_iam_member" "tables" {
  for_each = {
    api       = "roles/datastore.user"
    dashboard = "roles/datastore.viewer"
    pipeline  = "roles/datastore.user"
  }
  project = var.project_id
  role    = each.value
  member  = local.member[each.key]

  condition {
    title      = "database ${google_firestore_database.tables.name}"
    expression = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.tables.name}\""
  }
}
