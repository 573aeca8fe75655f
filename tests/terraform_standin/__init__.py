"""Stand-ins for Terraform's providers; README.md says what they prove and what they do not."""
