# One registry for all environments: what acc has tested is, digest for digest, what prd gets.
resource "google_artifact_registry_repository" "images" {
  repository_id = "images"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the API, the dashboard and the pipeline"

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "604800s"
    }
  }
  # What is kept wins over what is deleted: what an environment uses, and the newest.
  cleanup_policies {
    id     = "keep-deployed"
    action = "KEEP"
    condition {
      tag_state    = "TAGGED"
      tag_prefixes = ["dev", "tst", "acc", "prd"]
    }
  }
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  depends_on = [google_project_service.api]
}

data "google_project" "this" {
  depends_on = [google_project_service.api]
}

# Vertex AI works by an account of its own, which `poe cloud-up` has Google make; made so, it has no
# role yet. Its role exists for whole projects only.
resource "google_project_iam_member" "vertex_agent" {
  #checkov:skip=CKV_GCP_49:this is the agent for which Google made the role
  project    = var.project_id
  role       = "roles/aiplatform.serviceAgent"
  member     = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-aiplatform.iam.gserviceaccount.com"
  depends_on = [google_project_service.api]
}

# It pulls the pipeline's image too.
resource "google_artifact_registry_repository_iam_member" "vertex" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-aiplatform.iam.gserviceaccount.com"
}
