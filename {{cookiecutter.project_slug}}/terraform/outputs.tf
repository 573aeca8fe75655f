# What a program is told of this environment. A laptop with `APP_ENV` in .env assumes the same.
locals {
  variables = merge(local.table_variables, {
    APP_ENV        = var.app_env
    GCP_PROJECT_ID = var.project_id
    GCP_REGION     = var.region
    GCS_BUCKET     = google_storage_bucket.data.name
  })
}

output "variables" {
  description = "Where raw files, models and tables of this environment are"
  value       = local.variables
}
