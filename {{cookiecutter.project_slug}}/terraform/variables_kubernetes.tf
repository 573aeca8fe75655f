variable "kubernetes" {
  description = "Whether there is a cluster; it costs by the hour, also when nobody asks"
  type        = bool
  default     = false
}
