# The dashboard on Cloud Run. It reads tables and asks the API, and can change nothing.
module "dashboard" {
  source    = "./workload"
  name      = "dashboard"
  purpose   = "reads tables"
  writes    = false
  variables = local.variables
  deployer  = google_service_account.deployer.member
}

resource "google_cloud_run_v2_service" "dashboard" {
  name                = "dashboard-${var.app_env}"
  location            = var.region
  deletion_protection = var.protected

  invoker_iam_disabled = var.public
  custom_audiences     = [local.audience]
  scaling {
    max_instance_count = 1
  }

  template {
    service_account                  = module.dashboard.email
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
        for_each = merge(local.variables, {
          API_URL = local.api_url
          PUBLIC  = tostring(var.public) # then the pages show no single record of others
        })
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

# The dashboard may ask the API also when it is private, because it sends an identity token.
resource "google_cloud_run_v2_service_iam_member" "dashboard_asks_api" {
  name     = google_cloud_run_v2_service.api.name
  location = var.region
  role     = "roles/run.invoker"
  member   = module.dashboard.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer_asks_dashboard" {
  name     = google_cloud_run_v2_service.dashboard.name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.deployer.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer_releases_dashboard" {
  name     = google_cloud_run_v2_service.dashboard.name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.deployer.member
}

output "dashboard_url" {
  description = "Where the dashboard is"
  value       = google_cloud_run_v2_service.dashboard.uri
}
