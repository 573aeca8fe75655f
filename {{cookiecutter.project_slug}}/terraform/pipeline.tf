# The pipeline runs on Vertex AI, as an account of its own.
module "pipeline" {
  source    = "./workload"
  name      = "pipeline"
  purpose   = "trains, promotes, scores tables"
  writes    = true
  variables = local.variables
  deployer  = google_service_account.deployer.member
}

# The workflow train.yml submits the pipeline as the deployer, the scheduled look for new data as
# the pipeline itself.
locals {
  submitters = {
    deployer = google_service_account.deployer.member
    pipeline = module.pipeline.member
  }
}

resource "google_service_account_iam_member" "pipeline_acts_as_itself" {
  service_account_id = module.pipeline.name
  role               = "roles/iam.serviceAccountUser"
  member             = module.pipeline.member
}

# Vertex AI knows no smaller place than a project to run a pipeline in.
resource "google_project_iam_member" "submitters_use_vertex" {
  for_each = local.submitters
  project  = var.project_id
  role     = "roles/aiplatform.user"
  member   = each.value
}

# The Vertex SDK looks whether the bucket exists before it submits a pipeline.
resource "google_storage_bucket_iam_member" "submitters_look" {
  for_each = local.submitters
  bucket   = google_storage_bucket.data.name
  role     = "roles/storage.legacyBucketReader"
  member   = each.value
}

# Who submits writes the compiled pipeline into the bucket, and the data that it starts from.
resource "google_storage_bucket_iam_member" "deployer_writes" {
  bucket = google_storage_bucket.data.name
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer.member
}

resource "google_artifact_registry_repository_iam_member" "pipeline_pulls" {
  location   = var.region
  repository = "images"
  role       = "roles/artifactregistry.reader"
  member     = module.pipeline.member
}

# The step `deploy` may ask the API also when it is private, because it sends an identity token.
resource "google_cloud_run_v2_service_iam_member" "pipeline_asks_api" {
  name     = google_cloud_run_v2_service.api.name
  location = var.region
  role     = "roles/run.invoker"
  member   = module.pipeline.member
}
