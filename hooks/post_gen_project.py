"""Keep the chosen parts, record the answers, start the repository, say what comes next."""

import json
import shutil
import subprocess
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# answer -> choice -> the paths that belong to it and to no other choice.
# A path below `variants/` holds files that take the place of those at the same path of the project.
PARTS = {
    "sample": {"penguins": [], "delays": ["variants/sample/delays"]},
    "licence": {
        "MIT": ["variants/licence/mit"],
        "Apache-2.0": ["variants/licence/apache"],
        "none": [],
    },
}


def choose_parts():
    """Move chosen variants into place, and remove what was not chosen."""
    for answer, choices in PARTS.items():
        for path in choices[ANSWERS[answer]]:
            if path.startswith("variants/"):
                shutil.copytree(path, ".", dirs_exist_ok=True)
        for path in {
            p
            for choice, paths in choices.items()
            if choice != ANSWERS[answer]
            for p in paths
        }:
            remove(Path(path))
    remove(Path("variants"))


def remove(path):
    """Remove a file or a folder; that it exists is held by a test of the template."""
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def record_answers():
    """Write the template's version and all answers, in the format of cruft, for later updates."""
    context = {
        name: value
        for name, value in ANSWERS.items()
        if name not in ("_output_dir", "_repo_dir", "_checkout")
    }
    record = {
        "template": ANSWERS["_template"],
        "commit": git("-C", ANSWERS["_repo_dir"], "rev-parse", "HEAD"),
        "checkout": ANSWERS.get("_checkout"),
        "context": {"cookiecutter": context},
        "directory": None,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    Path(".cruft.json").write_bytes(text.encode())


def start_repository():
    """Make the first commit on `main` and a branch `develop`, and say what happened."""
    if Path(".git").exists():
        return "A git repository is here already; it was left as it is."
    started = git("init", "--quiet", "--initial-branch=main") is not None
    if not started:
        return "git was not found, so there is no repository yet: install git, then run `git init`."
    git("add", "--all")
    identity = (
        []
        if git("config", "user.email")
        else ["-c", "user.name=Template", "-c", "user.email=template@example.com"]
    )
    git(*identity, "commit", "--quiet", "--no-verify", "-m", "Start from the template")
    git("branch", "develop")
    return "The first commit is on `main`; the branch `develop` is made."


def git(*arguments):
    """Run git; give what it printed, or None if it failed or is missing."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def next_steps(repository):
    """Say in plain ASCII, which every terminal can print, what to type now."""
    return f"""
{ANSWERS["project_slug"]} is ready. {repository}

    cd {ANSWERS["project_slug"]}
    pip install uv
    uv run poe demo       everything once, then API and dashboard
    uv run poe test       the tests
    uv run poe            all commands
"""


if __name__ == "__main__":
    choose_parts()
    record_answers()
    print(next_steps(start_repository()))
