# What the tables in Firestore need.
locals {
  table_apis = ["firestore"]
}
