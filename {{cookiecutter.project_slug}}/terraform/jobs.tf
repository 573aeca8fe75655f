# Batch scoring, and the look for new data. A job costs while it runs, and neither runs by itself.
resource "google_cloud_run_v2_job" "job" {
  for_each = {
    batch  = { command = ["batch"], tasks = var.batch_tasks }
    update = { command = ["pipeline-if-new", "vertex"], tasks = 1 }
  }
  name                = "${each.key}-${var.app_env}"
  location            = var.region
  deletion_protection = false

  template {
    task_count  = each.value.tasks
    parallelism = each.value.tasks
    template {
      service_account = google_service_account.workload["pipeline"].email
      max_retries     = 1
      timeout         = "1800s"
      containers {
        image   = "us-docker.pkg.dev/cloudrun/container/job"
        command = ["python", "-m", "app"]
        args    = each.value.command
        resources {
          limits = { cpu = "1", memory = "2Gi" }
        }
        dynamic "env" {
          for_each = merge(local.variables, {
            API_URL     = google_cloud_run_v2_service.api.uri
            DATA_SOURCE = "gs://${google_storage_bucket.data.name}/source.csv"
          })
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }
  lifecycle {
    ignore_changes = [client, client_version, template[0].template[0].containers[0].image]
  }
}

resource "google_cloud_run_v2_job_iam_member" "deploys" {
  for_each = google_cloud_run_v2_job.job
  name     = each.value.name
  location = var.region
  role     = "roles/run.developer"
  member   = local.member["deployer"]
}

resource "google_cloud_run_v2_job_iam_member" "scheduled" {
  name     = google_cloud_run_v2_job.job["update"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = local.member["pipeline"]
}

resource "google_cloud_scheduler_job" "update" {
  count     = var.schedule == "" ? 0 : 1
  name      = "update-${var.app_env}"
  region    = var.region
  schedule  = var.schedule
  time_zone = "Europe/Brussels"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.job["update"].id}:run"
    oauth_token {
      service_account_email = google_service_account.workload["pipeline"].email
    }
  }
}
