app_env   = "prd"
branch    = "main"
protected = true

# GitHub names of members (not of an organisation): one of them must approve each deployment to prd.
approvers = []
