# Nothing else of this root starts before these; the root of the environments is applied after it.
locals {
  apis = concat(local.table_apis, [
    "billingbudgets", "cloudasset", "cloudquotas", "cloudresourcemanager", "serviceusage", "storage",
    # >>> sprint >= 3
    "artifactregistry", "iam", "iamcredentials", "logging", "run", "sts",
    # <<<
    "container", # >>> sprint >= 3 and kubernetes = yes
    # >>> sprint >= 4
    "aiplatform", "cloudscheduler",
    # <<<
    # >>> sprint >= 6
    "monitoring",
    # <<<
  ])
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false # data of other programs could depend on it
}
