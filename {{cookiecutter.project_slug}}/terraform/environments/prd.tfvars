app_env = "prd"
branch  = "main"

# GitHub names of members: one of them must approve each deployment to prd.
approvers = ["{{ cookiecutter.github_owner }}"]
