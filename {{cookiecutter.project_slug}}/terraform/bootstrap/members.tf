# What each member of the team may do: look at everything, and read and write data; only owners of
# the project run Terraform. The roles are for the whole project, so they hold in every environment.
# Write the members into `default`, then run `uv run poe cloud-up dev`.
variable "members" {
  description = "Google accounts of the members besides the owner, as [\"ada@example.com\", \"grace@example.com\"]"
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.members : can(regex("^[^@: ]+@[^@: ]+$", member))])
    error_message = "members must be e-mail addresses of Google accounts, such as ada@example.com, without `user:` before them."
  }
}

locals {
  member_roles = concat(local.table_roles, [
    "roles/serviceusage.serviceUsageConsumer", # to count requests from a laptop on this project
    "roles/storage.objectUser",
    "roles/viewer",
  ])
}

resource "google_project_iam_member" "member" {
  for_each   = { for pair in setproduct(var.members, local.member_roles) : join(" ", pair) => pair }
  project    = var.project_id
  role       = each.value[1]
  member     = "user:${each.value[0]}"
  depends_on = [google_project_service.api]
}
