# The rights on the tables in BigQuery.
resource "google_bigquery_dataset_iam_member" "tables" {
  dataset_id = var.variables["BQ_DATASET"]
  role       = var.writes ? "roles/bigquery.dataEditor" : "roles/bigquery.dataViewer"
  member     = google_service_account.this.member
}

# A query is a job of the project, so this role exists for projects only; it gives no data.
resource "google_project_iam_member" "asks_bigquery" {
  project = var.variables["GCP_PROJECT_ID"]
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.this.member
}
