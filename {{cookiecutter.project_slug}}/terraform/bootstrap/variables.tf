variable "billing_account" {
  description = "Id of the billing account with the credits; `poe cloud-up` looks it up"
  type        = string
  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 01ABCD-23EF45-67890A: `gcloud billing projects describe PROJECT_ID` shows it, or link one in the console under Billing."
  }
}

variable "budget" {
  description = "What the credits are worth, in the currency of the billing account; 0 for no alert"
  type        = number
  default     = 50
  validation {
    condition     = var.budget >= 0 && floor(var.budget) == var.budget
    error_message = "budget must be a whole number, or 0 for no alert; then ask the owner of the billing account for one."
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

variable "region" {
  description = "Where everything is; data cannot be moved later"
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[1-9][0-9]?$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone."
  }
}
