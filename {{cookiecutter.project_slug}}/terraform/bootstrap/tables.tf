# What the tables in BigQuery need.
locals {
  table_apis = ["bigquery"]
}
