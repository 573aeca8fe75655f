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
