# The API and the dashboard on Cloud Run: nothing runs, and nothing costs, while nobody asks.
# The first image is Google's own; the workflow deploy.yml puts ours in its place, so Terraform
# looks neither at the image nor at who gets the requests.
locals {
  variables = merge(local.table_variables, {
    APP_ENV        = var.app_env
    GCP_PROJECT_ID = var.project_id
    GCP_REGION     = var.region
    GCS_BUCKET     = google_storage_bucket.data.name
  })
}

resource "google_cloud_run_v2_service" "api" {
  name                = "api-${var.app_env}"
  location            = var.region
  deletion_protection = var.protected

  template {
    service_account                  = google_service_account.workload["api"].email
    max_instance_request_concurrency = 8 # as many as the server has threads
    timeout                          = "60s"
    scaling {
      min_instance_count = 0
      max_instance_count = var.max_instances
    }
    containers {
      image = "us-docker.pkg.dev/cloudrun/container/hello"
      ports {
        container_port = 8080
      }
      resources {
        limits            = { cpu = "1", memory = "1Gi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }
      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get {
          path = "/health"
        }
      }
      dynamic "env" {
        for_each = local.variables
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
  lifecycle {
    ignore_changes = [
      client, client_version, template[0].annotations, template[0].containers[0].image,
      template[0].labels, template[0].revision, traffic,
    ]
  }
}

resource "google_cloud_run_v2_service" "dashboard" {
  name                = "dashboard-${var.app_env}"
  location            = var.region
  deletion_protection = var.protected

  template {
    service_account                  = google_service_account.workload["dashboard"].email
    max_instance_request_concurrency = 40
    timeout                          = "3600s" # how long a browser's connection may last
    session_affinity                 = true    # Streamlit keeps a session in one container
    scaling {
      min_instance_count = 0
      max_instance_count = 1
    }
    containers {
      image = "us-docker.pkg.dev/cloudrun/container/hello"
      ports {
        container_port = 8501
      }
      resources {
        limits            = { cpu = "1", memory = "1Gi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }
      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get {
          path = "/_stcore/health"
        }
      }
      dynamic "env" {
        for_each = merge(local.variables, { API_URL = google_cloud_run_v2_service.api.uri })
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
  lifecycle {
    ignore_changes = [
      client, client_version, template[0].annotations, template[0].containers[0].image,
      template[0].labels, template[0].revision, traffic,
    ]
  }
}

locals {
  services = {
    api       = google_cloud_run_v2_service.api.name
    dashboard = google_cloud_run_v2_service.dashboard.name
  }
}

resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = var.public ? local.services : {}
  name     = each.value
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# Who may ask the API also when it is private, if it sends an identity token.
resource "google_cloud_run_v2_service_iam_member" "asks" {
  for_each = toset(["dashboard", "pipeline", "deployer"])
  name     = local.services["api"]
  location = var.region
  role     = "roles/run.invoker"
  member   = local.member[each.key]
}

resource "google_cloud_run_v2_service_iam_member" "deploys" {
  for_each = local.services
  name     = each.value
  location = var.region
  role     = "roles/run.developer"
  member   = local.member["deployer"]
}
