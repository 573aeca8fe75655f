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
      service_account = module.pipeline.email
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
            API_URL     = local.api_url
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
    ignore_changes = [ # what a release sets; gcloud gives the template a label of its own, the nonce
      client, client_version, template[0].annotations, template[0].labels,
      template[0].template[0].containers[0].image,
    ]
  }
}

resource "google_cloud_run_v2_job_iam_member" "deployer_releases" {
  for_each = google_cloud_run_v2_job.job
  name     = each.value.name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.deployer.member
}

# The look for new data starts the pipeline with the image that the job `batch` has, by its digest.
resource "google_cloud_run_v2_job_iam_member" "pipeline_looks" {
  name     = google_cloud_run_v2_job.job["batch"].name
  location = var.region
  role     = "roles/run.viewer"
  member   = module.pipeline.member
}

resource "google_cloud_run_v2_job_iam_member" "schedule_starts" {
  name     = google_cloud_run_v2_job.job["update"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = module.pipeline.member
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
      service_account_email = module.pipeline.email
    }
  }
}
