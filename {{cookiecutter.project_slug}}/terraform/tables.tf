# The tables in BigQuery. Those to which the API adds rows are made here, because a table that was
# made a moment ago may not take them; the others are made by who writes them.
locals {
  table_variables = { BQ_DATASET = google_bigquery_dataset.tables.dataset_id }
  appended = {
    predictions = {
      by = "predicted_at"
      columns = {
        id          = "STRING", model_version = "STRING", record = "STRING", prediction = "STRING",
        probability = "FLOAT64", predicted_at = "TIMESTAMP"
      }
    }
    labels = {
      by      = "labelled_at"
      columns = { id = "STRING", label = "STRING", labelled_at = "TIMESTAMP" }
    }
  }
}

resource "google_bigquery_dataset" "tables" {
  dataset_id                 = "ml_${var.app_env}"
  location                   = var.region
  delete_contents_on_destroy = !var.protected
}

resource "google_bigquery_table" "appended" {
  for_each            = local.appended
  dataset_id          = google_bigquery_dataset.tables.dataset_id
  table_id            = each.key
  schema              = jsonencode([for name, type in each.value.columns : { name = name, type = type }])
  deletion_protection = var.protected

  time_partitioning {
    type  = "DAY"
    field = each.value.by
  }
}

resource "google_bigquery_dataset_iam_member" "tables" {
  for_each = {
    api       = "roles/bigquery.dataEditor"
    dashboard = "roles/bigquery.dataViewer"
    pipeline  = "roles/bigquery.dataEditor"
  }
  dataset_id = google_bigquery_dataset.tables.dataset_id
  role       = each.value
  member     = local.member[each.key]
}

# A query is a job of the project, so this role exists for projects only; it gives no data.
resource "google_project_iam_member" "asks_bigquery" {
  for_each = toset(["api", "dashboard", "pipeline"])
  project  = var.project_id
  role     = "roles/bigquery.jobUser"
  member   = local.member[each.key]
}
