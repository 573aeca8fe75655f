# Vertex AI pulls the pipeline's image by its own account.
resource "google_artifact_registry_repository_iam_member" "vertex" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_project_iam_member.agent["aiplatform"].member
}

moved { # of projects that were made before version 0.4
  from = google_project_iam_member.vertex_agent
  to   = google_project_iam_member.agent["aiplatform"]
}
