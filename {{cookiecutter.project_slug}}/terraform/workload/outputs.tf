output "email" {
  description = "As whom the program runs"
  value       = google_service_account.this.email
}

output "member" {
  description = "Whom further rights are given to"
  value       = google_service_account.this.member
}

output "name" {
  description = "The account as a resource, on which others are given rights"
  value       = google_service_account.this.name
}
