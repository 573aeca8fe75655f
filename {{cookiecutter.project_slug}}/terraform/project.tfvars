# What both roots ask: the answers that you gave when the project was generated.
project_id = "{{ cookiecutter.gcp_project_id }}"
region     = "{{ cookiecutter.region }}"
owner      = "{{ cookiecutter.github_owner }}"
repository = "{{ cookiecutter.project_slug }}"
