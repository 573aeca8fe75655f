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

locals {
  # The address that Cloud Run gives to this name; a service cannot refer to its own. It is also the
  # audience of the tokens that the API takes.
  api_url = "https://api-${var.app_env}-${data.google_project.this.number}.${var.region}.run.app"
  # Who may see and label past predictions, also of others. For the members of the team there is an
  # account that they act as: bootstrap/members.tf says who they are.
  members = "members@${var.project_id}.iam.gserviceaccount.com"
  readers = [
    local.members,
    # >>> sprint >= 4
    module.pipeline.email,
    # <<<
    # >>> sprint >= 5
    module.dashboard.email,
    # <<<
  ]
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
        for_each = merge(local.variables, {
          API_ACCOUNTS = join(" ", local.readers)
          API_URL      = local.api_url
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

# The members ask the API also when it is private.
resource "google_cloud_run_v2_service_iam_member" "members_ask_api" {
  name     = google_cloud_run_v2_service.api.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:${local.members}"
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
  value       = local.api_url
}
