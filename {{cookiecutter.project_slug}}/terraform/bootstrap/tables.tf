# What the tables in BigQuery need.
locals {
  table_apis = ["bigquery"]
  # A query is a job of the project.
  table_roles = ["roles/bigquery.dataEditor", "roles/bigquery.jobUser"]
}
