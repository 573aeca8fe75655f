# What both roots ask: the answers that you gave when the project was generated.
project_id = "{{ cookiecutter.gcp_project_id }}"
region     = "{{ cookiecutter._region }}"
# >>> sprint >= 3
owner      = "{{ cookiecutter.github_owner }}"
repository = "{{ cookiecutter.project_slug }}"
# <<<
