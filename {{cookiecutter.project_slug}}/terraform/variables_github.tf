variable "approvers" {
  description = "GitHub names of the people (not organisations) one of whom must approve a deployment"
  type        = list(string)
  default     = []
  validation {
    condition     = var.app_env != "prd" || length(var.approvers) > 0
    error_message = "approvers must name somebody for prd: write a member's GitHub name into environments/prd.tfvars."
  }
  validation {
    condition     = length(var.approvers) <= 6
    error_message = "approvers must be 6 people at most: GitHub allows no more."
  }
}

variable "owner" {
  description = "GitHub user or organisation that owns the repository, with its exact case"
  type        = string
}

variable "pool" {
  description = "Name of the workload identity pool, as in the bootstrap"
  type        = string
  default     = "github"
  validation {
    condition     = can(regex("^[a-z0-9-]{4,32}$", var.pool)) && !startswith(var.pool, "gcp-")
    error_message = "pool must be 4 to 32 of a-z, 0-9 and -, and not start with gcp-."
  }
}

variable "repository" {
  description = "Name of the GitHub repository, with its exact case"
  type        = string
}
