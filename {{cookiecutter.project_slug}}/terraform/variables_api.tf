variable "max_instances" {
  description = "Containers of the API at most: what a flood of requests can cost"
  type        = number
  default     = 2
  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 5
    error_message = "max_instances must be 1 to 5: without a small limit, a flood of requests spends the credits."
  }
}

variable "public" {
  description = "Whether everybody may ask what runs here; an organisation may forbid it"
  type        = bool
  default     = true
}
