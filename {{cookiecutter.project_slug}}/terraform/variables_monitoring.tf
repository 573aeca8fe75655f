variable "alert_email" {
  description = "Who is told when the system is unwell; empty for nobody"
  type        = string
  default     = ""
  validation {
    condition     = var.alert_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "alert_email must be one address, or empty."
  }
}
