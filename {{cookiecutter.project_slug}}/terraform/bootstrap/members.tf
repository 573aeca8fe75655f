# What each member of the team may do: look at everything, and read and write data; only owners of
# the project run Terraform. The roles are for the whole project, so they hold in every environment.
# >>> sprint >= 3
# They may also ask a private system, and act as the account `members`, for which the API shows past
# predictions: a person's own token cannot say for which service it is.
# <<<
# Write the members into `default`, then run `uv run poe cloud-up dev`.
variable "members" {
  description = "Google accounts of the members, as [\"ada@example.com\", \"grace@example.com\"]"
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.members : can(regex("^[^@: ]+@[^@: ]+$", member))])
    error_message = "members must be e-mail addresses of Google accounts, such as ada@example.com, without `user:` before them."
  }
}

locals {
  member_roles = concat(local.table_roles, [
    # >>> sprint >= 3
    # To ask a private system.
    "roles/run.invoker",
    # <<<
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
# >>> sprint >= 3

resource "google_service_account" "members" {
  account_id   = "members"
  display_name = "members: whoever of the team asks the API for past predictions"
  depends_on   = [google_project_service.api]
}

# gcloud asks for an access token before it asks for an identity token, so no smaller role will do.
resource "google_service_account_iam_member" "member_is_members" {
  for_each           = toset(var.members)
  service_account_id = google_service_account.members.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "user:${each.key}"
}
# <<<
