# What the tables in Firestore need.
locals {
  table_apis  = ["firestore"]
  table_roles = ["roles/datastore.user"]
}
