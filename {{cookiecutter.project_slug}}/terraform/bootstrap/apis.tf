# Nothing else of this root starts before these; the root of the environments is applied after it.
locals {
  apis = concat(local.table_apis, [
    "aiplatform", "artifactregistry", "billingbudgets", "cloudasset", "cloudresourcemanager",
    "cloudscheduler", "iam", "iamcredentials", "logging", "monitoring", "run", "serviceusage",
    "storage", "sts",
  ])
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false # data of other programs could depend on it
}
