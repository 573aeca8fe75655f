# What the tests take for the environment and the project.
app_env    = "dev"
project_id = "example-project-123"
region     = "europe-west1"
# >>> sprint >= 3
owner      = "example-team"
repository = "example-repository"
# <<<
