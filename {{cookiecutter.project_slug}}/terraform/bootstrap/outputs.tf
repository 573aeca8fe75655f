output "pool" {
  description = "The pool, by whose members the root of the environments knows GitHub's jobs"
  value       = google_iam_workload_identity_pool.github.name
}

output "provider" {
  description = "What GitHub Actions name to log in"
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "condition" {
  description = "Whose tokens are taken"
  value       = local.condition
}
