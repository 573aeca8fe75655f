variable "owner" {
  description = "GitHub user or organisation that owns the repository, with its exact case"
  type        = string
}

variable "pool" {
  description = "Name of the workload identity pool; a deleted one keeps its name for 30 days, so take another then"
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
