# The tables are Parquet files in the bucket of storage.tf: nothing more is needed.
locals {
  table_variables = {}
}
