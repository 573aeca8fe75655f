output "api_url" {
  description = "Where the API answers"
  value       = google_cloud_run_v2_service.api.uri
}

output "dashboard_url" {
  description = "Where the dashboard is"
  value       = google_cloud_run_v2_service.dashboard.uri
}
