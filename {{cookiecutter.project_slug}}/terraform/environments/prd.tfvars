app_env   = "prd"
protected = true
# >>> sprint >= 3

# GitHub names of members (not of an organisation): one of them must approve each deployment to prd.
approvers = []
# <<<
