# What there is once per Google Cloud project, whatever its environments.
# The bucket of the state is made by `poe cloud-up`: a state cannot hold the bucket it is kept in.
terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
    # >>> sprint >= 3
    github = {
      source  = "integrations/github"
      version = "~> 6.0"
    }
    # <<<
  }
  backend "gcs" {
    prefix = "bootstrap"
  }
}

# A budget is asked of the billing account, in the name of this project.
provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
}
