"""Render a default and a maximal project into a folder: `python scripts/rendered.py FOLDER`.

The folders have no repository and no commit of the template. So two renders of the same template
are equal.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
PROJECTS = {
    "default": {},
    "until-sprint-2": {"until_sprint": "2"},
    "maximal": {
        "sample": "delays",
        "data_store": "Firestore",
        "_api_framework": "Connexion",
        "_golden_signals": "yes",
        "_online_experiments": "yes",
        "_asynchronous_serving": "yes",
        "_kubernetes": "yes",
        "_triton": "yes",
        "_optimisation": "yes",
        "_licence": "Apache-2.0",
    },
}


def main():
    """Render each project anew."""
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/rendered.py FOLDER")
    for name, answers in PROJECTS.items():
        place = Path(sys.argv[1]) / name
        shutil.rmtree(place, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(cookiecutter(str(TEMPLATE), no_input=True, extra_context=answers,
                                     output_dir=folder))  # fmt: skip
            shutil.rmtree(made / ".git", ignore_errors=True)
            record = made / ".cruft.json"
            content = json.loads(record.read_text(encoding="utf-8"))
            content |= {"commit": None, "template": "this repository"}
            content["context"]["cookiecutter"].pop("_template", None)
            record.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            shutil.copytree(made, place)
        print(f"{place}: {sum(1 for path in place.rglob('*') if path.is_file())} files")


if __name__ == "__main__":
    main()
