# What there is once per environment. `poe cloud-up dev` gives the state's bucket and prefix.
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
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
  default_labels = {
    environment = var.app_env
  }
}
