variable "alert_email" {
  description = "Who is told when the system is unwell; empty for nobody"
  type        = string
  default     = ""
  validation {
    condition     = var.alert_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "alert_email must be one address, or empty."
  }
}

variable "app_env" {
  description = "The environment: dev, tst, acc or prd; its file in environments/ says it"
  type        = string
  validation {
    condition     = contains(["dev", "tst", "acc", "prd"], var.app_env)
    error_message = "app_env must be dev, tst, acc or prd: give -var-file=environments/dev.tfvars."
  }
}

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

variable "batch_tasks" {
  description = "Into how many shares a batch is divided, each scored by a task of its own"
  type        = number
  default     = 2
  validation {
    condition     = var.batch_tasks >= 1 && var.batch_tasks <= 20
    error_message = "batch_tasks must be 1 to 20: more than the credits can pay is hardly meant."
  }
}

variable "branch" {
  description = "The branch that is deployed here"
  type        = string
  validation {
    condition     = contains(["develop", "main"], var.branch)
    error_message = "branch must be develop or main: no other is trusted by Google Cloud."
  }
}

variable "max_instances" {
  description = "Containers of the API at most: what a flood of requests can cost"
  type        = number
  default     = 2
  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 5
    error_message = "max_instances must be 1 to 5: without a small limit, a flood of requests spends the credits."
  }
}

variable "owner" {
  description = "GitHub user or organisation that owns the repository, with its exact case"
  type        = string
}

variable "pool" {
  description = "The workload identity pool: the output `pool` of the bootstrap, which `poe cloud-up` passes on"
  type        = string
  validation {
    condition     = can(regex("^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+$", var.pool))
    error_message = "pool must look like projects/123/locations/global/workloadIdentityPools/github: see `terraform -chdir=terraform/bootstrap output`."
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

variable "public" {
  description = "Whether everybody may ask the API and see the dashboard; an organisation may forbid it"
  type        = bool
  default     = true
}

variable "region" {
  description = "Where everything is; data cannot be moved later"
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[1-9][0-9]?$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone."
  }
}

variable "repository" {
  description = "Name of the GitHub repository, with its exact case"
  type        = string
}

variable "schedule" {
  description = "When the pipeline looks for new data, as cron, for example `0 5 * * 1`; empty for never, because each run costs"
  type        = string
  default     = ""
  validation {
    condition     = var.schedule == "" || length(split(" ", var.schedule)) == 5
    error_message = "schedule must be five fields of cron, such as 0 5 * * 1 (Mondays at 5), or empty."
  }
}
