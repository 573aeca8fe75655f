# The four golden signals of the API (latency, traffic, errors, saturation) as charts and alerts.
locals {
  of_api = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloud_run_v2_service.api.name}\""
  signals = {
    "Latency: 95 of 100 requests are faster, ms" = {
      metric = "run.googleapis.com/request_latencies", align = "ALIGN_PERCENTILE_95", reduce = "REDUCE_MAX"
    }
    "Traffic: requests per second" = {
      metric = "run.googleapis.com/request_count", align = "ALIGN_RATE", reduce = "REDUCE_SUM"
    }
    "Errors: answers 5xx per second" = {
      metric = "run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx", align = "ALIGN_RATE", reduce = "REDUCE_SUM"
    }
    "Saturation: memory used, share" = {
      metric = "run.googleapis.com/container/memory/utilizations", align = "ALIGN_PERCENTILE_95", reduce = "REDUCE_MAX"
    }
  }
  limits = {
    "API answers with errors" = { signal = "Errors: answers 5xx per second", above = 0.1 }
    "API is slow"             = { signal = "Latency: 95 of 100 requests are faster, ms", above = 2000 }
    "API needs more memory"   = { signal = "Saturation: memory used, share", above = 0.9 }
  }
  channels = google_monitoring_notification_channel.email[*].name
}

resource "google_monitoring_dashboard" "signals" {
  dashboard_json = jsonencode({
    displayName = "API (${var.app_env}): golden signals"
    gridLayout = {
      columns = "2"
      widgets = [for title, signal in local.signals : {
        title = title
        xyChart = {
          dataSets = [{
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = "${local.of_api} AND metric.type=\"${signal.metric}\""
                aggregation = {
                  alignmentPeriod    = "60s"
                  perSeriesAligner   = signal.align
                  crossSeriesReducer = signal.reduce
                }
              }
            }
          }]
        }
      }]
    }
  })
}

resource "google_monitoring_notification_channel" "email" {
  count  = var.alert_email == "" ? 0 : 1
  type   = "email"
  labels = { email_address = var.alert_email }
}

resource "google_monitoring_alert_policy" "signal" {
  for_each              = local.limits
  display_name          = "${each.key} (${var.app_env})"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.signal
    condition_threshold {
      filter          = "${local.of_api} AND metric.type=\"${local.signals[each.value.signal].metric}\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = local.signals[each.value.signal].align
        cross_series_reducer = local.signals[each.value.signal].reduce
      }
    }
  }
  documentation {
    content = "See docs/TROUBLESHOOTING.md, and the logs of ${google_cloud_run_v2_service.api.name}."
  }
}

# Asked from outside every 15 minutes, by each of Google's six places: 576 times a day. A container
# is kept for up to 15 minutes after a request, so one is nearly always there; it costs only while it
# answers. A private API cannot be asked so.
resource "google_monitoring_uptime_check_config" "api" {
  count        = var.public ? 1 : 0
  display_name = "API (${var.app_env})"
  timeout      = "30s"
  period       = "900s"

  http_check {
    path    = "/health"
    port    = 443
    use_ssl = true
  }
  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = trimprefix(google_cloud_run_v2_service.api.uri, "https://")
    }
  }
}

resource "google_monitoring_alert_policy" "down" {
  count                 = var.public ? 1 : 0
  display_name          = "API does not answer (${var.app_env})"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "the check from outside fails"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.api[0].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "0s"
      aggregations {
        alignment_period     = "1200s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}
