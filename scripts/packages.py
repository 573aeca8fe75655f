"""Write packages.txt, the names of what a project with every part installs and imports.

A project of the same name as one of its packages cannot be resolved, and a folder of the same name
hides what Python imports. Names that no project may have anyway are left out.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
PAGE = TEMPLATE / "packages.txt"
SLUG = re.compile(r"(?=.{3,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
EVERY_PART = {
    "_golden_signals": "yes",
    "_online_experiments": "yes",
    "_asynchronous_serving": "yes",
    "_kubernetes": "yes",
    "_triton": "yes",
    "_optimisation": "yes",
}
PROJECTS = [
    EVERY_PART,
    EVERY_PART | {"data_store": "Firestore", "_api_framework": "Connexion"},
    {"data_store": "Cloud Storage"},
]
IMPORTS = "import importlib.metadata as m; print(*m.packages_distributions(), sep='\\n')"


def main() -> None:
    """Resolve and install each project anew, and write the names of both."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        names = set().union(*(of_project(answers, folder) for answers in PROJECTS))
    page = Path(sys.argv[1]) if sys.argv[1:] else PAGE
    page.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8", newline="\n")
    print(f"{page}: {len(names)} names")


def of_project(answers: dict[str, str], folder: str) -> set[str]:
    """Give the names that a project's packages have, and those that they are imported by."""
    place = tempfile.mkdtemp(dir=folder)
    project = Path(cookiecutter(str(TEMPLATE), no_input=True, extra_context=answers,
                                output_dir=place))  # fmt: skip
    imported = run(project, "run", "--quiet", "--python", sys.executable, "python", "-c", IMPORTS)
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    named = {package["name"] for package in lock["package"]} - {project.name}
    return {slug for slug in map(to_slug, {*named, *imported.split()}) if SLUG.fullmatch(slug)}


def to_slug(name: str) -> str:
    """Write a name as package indexes compare it."""
    return re.sub("[-_.]+", "-", name).lower()


def run(project: Path, *arguments: str) -> str:
    """Run uv in a project; give what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = ["uv", "--directory", str(project), *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
