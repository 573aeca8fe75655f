# The API on Cloud Run: nothing runs, and nothing costs, while nobody asks.
# The first image is Google's own; the workflow deploy.yml puts ours in its place, so Terraform
# looks neither at the image nor at who gets the requests.
module "api" {
  source    = "./workload"
  name      = "api"
  purpose   = "answers requests, keeps predictions"
  writes    = true
  variables = local.variables
  deployer  = google_service_account.deployer.member
}

resource "google_cloud_run_v2_service" "api" {
  name                = "api-${var.app_env}"
  location            = var.region
  deletion_protection = var.protected

  invoker_iam_disabled = var.public # an organisation may forbid the member allUsers, but this seldom
  custom_audiences     = [local.audience]
  scaling {
    max_instance_count = var.max_instances # of all revisions together, as in a canary
  }

  template {
    service_account                  = module.api.email
    max_instance_request_concurrency = 8 # with more at a time, a second container starts
    timeout                          = "60s"
    scaling {
      min_instance_count = 0
      max_instance_count = var.max_instances # of a revision that is asked by its tag alone
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

# A release asks the API also when it is private, because it sends an identity token.
resource "google_cloud_run_v2_service_iam_member" "deployer_asks_api" {
  name     = google_cloud_run_v2_service.api.name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.deployer.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer_releases_api" {
  name     = google_cloud_run_v2_service.api.name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.deployer.member
}

output "api_url" {
  description = "Where the API answers"
  value       = google_cloud_run_v2_service.api.uri
}
