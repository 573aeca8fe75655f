# Google's services work by accounts of their own, the service agents. Google makes some of them only
# when they are first needed, so `poe cloud-up` has them made before; made so, they have no role yet.
# Their roles exist for whole projects only.
locals {
  agents = {
    run = { domain = "serverless-robot-prod", role = "roles/run.serviceAgent" }
    # >>> sprint >= 4

    aiplatform     = { domain = "gcp-sa-aiplatform", role = "roles/aiplatform.serviceAgent" }
    cloudscheduler = { domain = "gcp-sa-cloudscheduler", role = "roles/cloudscheduler.serviceAgent" }
    # <<<
  }
}

resource "google_project_iam_member" "agent" {
  #checkov:skip=CKV_GCP_49:these are the agents for which Google made the roles
  for_each   = local.agents
  project    = var.project_id
  role       = each.value.role
  member     = "serviceAccount:service-${data.google_project.this.number}@${each.value.domain}.iam.gserviceaccount.com"
  depends_on = [google_project_service.api]
}
