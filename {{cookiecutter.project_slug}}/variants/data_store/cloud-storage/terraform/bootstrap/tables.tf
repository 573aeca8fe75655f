# Tables are files in a bucket, which need nothing of their own.
locals {
  table_apis  = []
  table_roles = []
}
