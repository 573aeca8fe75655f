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
