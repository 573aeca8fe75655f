# A cluster of Google Kubernetes Engine, Autopilot: Google keeps its machines, and a pod costs what
# it requests. The cluster costs too, by the hour, so there is none until `kubernetes = true`.
resource "google_container_cluster" "cluster" {
  count               = var.kubernetes ? 1 : 0
  name                = "app-${var.app_env}"
  location            = var.region
  enable_autopilot    = true
  deletion_protection = var.protected

  private_cluster_config {
    enable_private_nodes = true # machines without an address in the internet; they reach Google's APIs
  }
  release_channel {
    channel = "REGULAR"
  }
  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account = google_service_account.nodes[0].email
      oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    }
  }
  depends_on = [
    google_project_iam_member.nodes_tell, google_artifact_registry_repository_iam_member.nodes_read,
  ]
}

# The machines have an account that is none of the programs'.
resource "google_service_account" "nodes" {
  count        = var.kubernetes ? 1 : 0
  account_id   = "nodes-${var.app_env}"
  display_name = "nodes (${var.app_env}): machines of the cluster"
}

# Logs and metrics belong to the project, so this role exists for projects only.
resource "google_project_iam_member" "nodes_tell" {
  count   = var.kubernetes ? 1 : 0
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes[0].member
}

resource "google_artifact_registry_repository_iam_member" "nodes_read" {
  count      = var.kubernetes ? 1 : 0
  location   = var.region
  repository = "images"
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes[0].member
}

# Workload identity: a pod acts as the account that Cloud Run gives to the same program.
resource "google_service_account_iam_member" "pod_acts_as" {
  for_each = !var.kubernetes ? {} : merge(
    { api = module.api.name },
    { batch = module.pipeline.name },       # >>> sprint >= 4
    { dashboard = module.dashboard.name },  # >>> sprint >= 5
  )
  service_account_id = each.value
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project_id}.svc.id.goog[app-${var.app_env}/${each.key}]"
  depends_on         = [google_container_cluster.cluster] # it makes the pool of these names
}
