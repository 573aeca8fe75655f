# What the tests take for the project.
billing_account = "01ABCD-23EF45-67890A"
project_id      = "example-project-123"
region          = "europe-west1"
# >>> sprint >= 3

owner      = "example-team"
repository = "example-repository"
# <<<
