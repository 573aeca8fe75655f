variable "app_env" {
  description = "The environment: dev, tst, acc or prd; its file in environments/ says it"
  type        = string
  validation {
    condition     = contains(["dev", "tst", "acc", "prd"], var.app_env)
    error_message = "app_env must be dev, tst, acc or prd: give -var-file=environments/dev.tfvars."
  }
}

variable "project_id" {
  description = "Id of the Google Cloud project, not its name and not its number"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be an id of 6 to 30 of a-z, 0-9 and -: `gcloud projects list` shows it."
  }
}

variable "protected" {
  description = "Whether Terraform refuses to delete data and services here"
  type        = bool
  default     = false
}

variable "region" {
  description = "Where everything is; data cannot be moved later"
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[1-9][0-9]?$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone."
  }
}
