variable "batch_tasks" {
  description = "Into how many shares a batch is divided, each scored by a task of its own"
  type        = number
  default     = 2
  validation {
    condition     = var.batch_tasks >= 1 && var.batch_tasks <= 20
    error_message = "batch_tasks must be 1 to 20: more than the credits can pay is hardly meant."
  }
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
