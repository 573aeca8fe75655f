data "google_project" "this" {
  depends_on = [google_project_service.api]
}

# By default credits are subtracted, so that the alert of a course's credits would never come.
# It comes some hours late, and stops nothing: `poe cloud-down` does.
resource "google_billing_budget" "credits" {
  count           = var.budget > 0 ? 1 : 0
  billing_account = var.billing_account
  display_name    = "${var.project_id}: gross cost"

  budget_filter {
    projects               = ["projects/${data.google_project.this.number}"]
    credit_types_treatment = "EXCLUDE_ALL_CREDITS"
  }
  amount {
    specified_amount {
      units = tostring(var.budget)
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.25, 0.5, 0.75, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  depends_on = [google_project_service.api]
}
