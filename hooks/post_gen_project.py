"""Keep the chosen parts, record the answers, start the repository, say what comes next."""

import json
import re
import shutil
import subprocess
from pathlib import Path

PAGES = "src/app/dashboard/views"
ONLINE = [
    f"{PAGES}/predict.py",
    f"{PAGES}/answers.py",
    "tests/dashboard/test_online_pages.py",
]
BATCH = [f"{PAGES}/batch.py", "tests/dashboard/test_batch_page.py"]

# answer -> choice -> its paths. A path that no chosen answer names is removed.
# The files in a path below `variants/` replace the files at the same path of the project.
PARTS = {
    "sample": {"penguins": [], "delays": ["variants/sample/delays"]},
    "api_framework": {"Flask": [], "Connexion": ["variants/api_framework/connexion"]},
    "data_store": {
        "BigQuery": [],
        "Firestore": ["variants/data_store/firestore"],
        "Cloud Storage": ["variants/data_store/cloud-storage"],
    },
    "serving_mode": {"both": [*ONLINE, *BATCH], "online": ONLINE, "batch": BATCH},
    "golden_signals": {
        "no": [],
        "yes": [f"{PAGES}/signals.py", "tests/dashboard/test_signals_page.py"],
    },
    "online_experiments": {
        "no": [],
        "yes": [
            "src/app/api/trial.py",
            "scripts/experiment.py",
            "tests/api/test_experiments.py",
            "docs/EXPERIMENTS.md",
        ],
    },
    "asynchronous_serving": {
        "no": [],
        "yes": [
            "src/app/api/jobs.py",
            "tests/api/test_jobs.py",
            "docs/JOBS.md",
        ],
    },
    "licence": {
        "MIT": ["variants/licence/mit"],
        "Apache-2.0": ["variants/licence/apache"],
        "none": [],
    },
}

# Files with lines of several parts. A part begins at `# >>> answer = choice | choice` and ends at
# `# <<<`. A part of a single line has the first mark at its end.
SECTIONS = [
    "pyproject.toml",
    "src/app/api/__init__.py",
    "src/app/api/openapi.yaml",
    "src/app/api/serving.py",
    "src/app/dashboard/main.py",
]
SECTION = re.compile(r"^ *# >>> (\w+) = (.+)\n((?:.*\n)*?) *# <<<\n", re.MULTILINE)
LINE = re.compile(r"^(.*\S)  # >>> (\w+) = (.+)\n", re.MULTILINE)


def choose_parts(answers):
    """Move chosen variants into place, and remove what was not chosen."""
    chosen = [path for answer, choices in PARTS.items() for path in choices[answers[answer]]]
    every = {path for choices in PARTS.values() for paths in choices.values() for path in paths}
    for path in chosen:
        if path.startswith("variants/"):
            shutil.copytree(path, ".", dirs_exist_ok=True)
    for path in every - set(chosen):
        remove(Path(path))
    remove(Path("variants"))
    for path in SECTIONS:
        text = Path(path).read_bytes().decode()
        Path(path).write_bytes(keep_sections(text, answers).encode())


def keep_sections(text, answers):
    """Remove the marks from a text, and the sections and lines that were not chosen."""

    def chosen(answer, choices):
        return answers[answer] in choices.split(" | ")

    text = SECTION.sub(lambda match: match[3] if chosen(match[1], match[2]) else "", text)
    return LINE.sub(lambda match: f"{match[1]}\n" if chosen(match[2], match[3]) else "", text)


def remove(path):
    """Remove a file or a folder. A test of the template checks that it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def record_answers(answers):
    """Write the template's version and all answers, in the format of cruft, for later updates."""
    of_this_machine = ("_output_dir", "_repo_dir", "_checkout")
    context = {name: value for name, value in answers.items() if name not in of_this_machine}
    record = {
        "template": answers["_template"],
        "commit": git("-C", answers["_repo_dir"], "rev-parse", "HEAD"),
        "checkout": answers.get("_checkout"),
        "context": {"cookiecutter": context},
        "directory": None,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    Path(".cruft.json").write_bytes(text.encode())


def start_repository():
    """Make the first commit on `main`, go on to a branch `develop`, and say what happened."""
    if Path(".git").exists():
        return "A git repository is here already; it was left as it is."
    if git("init", "--quiet") is None:
        return "git was not found, so there is no repository yet: install git, then run `git init`."
    git("symbolic-ref", "HEAD", "refs/heads/main")
    git("add", "--all")
    nobody = ["-c", "user.name=Template", "-c", "user.email=template@example.com"]
    identity = [] if git("config", "user.email") else nobody
    git(*identity, "commit", "--quiet", "--no-verify", "-m", "Start from the template")
    if git("switch", "--quiet", "--create", "develop") is None:
        return "git could not make the first commit: run `git commit` and read what it says."
    return "The first commit is on `main`; you are on `develop`."


def git(*arguments):
    """Run git; give what it printed, or None if it failed or is missing."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def next_steps(answers, repository):
    """Say in plain ASCII, which every terminal can print, what to type now."""
    return f"""
{answers["project_slug"]} is ready. {repository}

    cd {answers["project_slug"]}
    pip install uv
    uv run poe demo       everything once, then API and dashboard
    uv run poe test       the tests
    uv run poe            all commands
"""


if __name__ == "__main__":
    given = json.loads(r"""{{ cookiecutter | tojson }}""")
    choose_parts(given)
    record_answers(given)
    print(next_steps(given, start_repository()))
