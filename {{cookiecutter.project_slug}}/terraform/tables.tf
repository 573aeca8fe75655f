# The tables in BigQuery, in a data set of their own. Who writes a table makes it.
locals {
  table_variables = { BQ_DATASET = google_bigquery_dataset.tables.dataset_id }
}

resource "google_bigquery_dataset" "tables" {
  dataset_id                 = "ml_${var.app_env}"
  location                   = var.region
  delete_contents_on_destroy = !var.protected
}
# >>> sprint >= 3

# Those to which the API adds rows are made here, because a table that was made a moment ago may
# not take them.
locals {
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
# <<<
