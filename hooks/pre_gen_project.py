"""Refuse what the template's extension of Jinja could not: where it is off, or not asked."""

import json
import sys
from pathlib import Path

if any(path.name != ".git" for path in Path().iterdir()):
    sys.exit(
        f"\nNothing was written: {Path.cwd()} holds files already, which may be a team's.\n"
        "Generate in another place. A generated project is changed by its own commands:\n"
        "`uv run poe update` brings a newer template, `poe grow` a sprint.\n"
    )

if "local_extensions.AnswerCheck" not in json.loads(r"""{{ cookiecutter._extensions | tojson }}"""):
    sys.exit(
        "\nNothing was written: _extensions is a setting of the template that checks the answers, "
        "and no answer; try: leave it out of the replay or the configuration.\n"
    )
