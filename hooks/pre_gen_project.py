"""Refuse to write over a project that is there already, as `cookiecutter -f` would."""

import sys
from pathlib import Path

if any(path.name != ".git" for path in Path().iterdir()):
    sys.exit(
        f"\nNothing was written: {Path.cwd()} holds files already, which may be a team's.\n"
        "Generate in another place. A generated project is changed by its own commands:\n"
        "`uv run poe update` brings a newer template, `poe grow` a sprint.\n"
    )
