"""The template as staff publish it: a repository with an older version and today's."""

import subprocess
from pathlib import Path

from conftest import STENCIL, copy_template

FOLDER = STENCIL.name
OLD_DOCS = "# An old page\n\n" + "".join(f"Sentence {n} of a page that goes.\n" for n in range(30))

FORMER = {
    "cookiecutter._region": "cookiecutter.region",
    "cookiecutter._golden_signals": '"no"',
    "cookiecutter._asynchronous_serving": '"no"',
}
"""What the older version says instead: it asked one question, and did not have two."""


class Published:
    """A repository of the template, and how staff work on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments):
        command = ["git", "-C", str(self.path), "-c", "user.name=Staff"]
        command += ["-c", "user.email=staff@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message):
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")

    def stencil(self, path):
        return self.path / FOLDER / path

    def replace(self, path, old, new):
        """Change a text in a file of the template; it must be there."""
        file = self.path / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} does not say {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    def move(self, old, new):
        self.stencil(new).parent.mkdir(parents=True, exist_ok=True)
        self.stencil(old).rename(self.stencil(new))


def publish(path):
    """Publish an older version, then what is in this working tree."""
    copy_template(path)
    today = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    published = Published(path)
    published.git("init", "--quiet", "--initial-branch", "main")
    _make_older(published)
    published.older = published.commit("An older version")
    for file in [p for p in path.rglob("*") if p.is_file() and ".git" not in p.parts]:
        file.unlink()
    for file, content in today.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    published.newest = published.commit("Today's version")
    return published


def _make_older(published):
    """Undo a few things: moves of 0.2.0, a question, a page, lines of shared files."""
    published.move("src/app/training/train.py", "src/app/train.py")
    published.move("src/app/training/model.py", "src/app/model.py")
    published.move("tests/data/test_ingest.py", "tests/test_data.py")
    published.stencil("docs/GROWING.md").unlink()
    published.stencil("docs/OLD.md").write_text(OLD_DOCS, encoding="utf-8", newline="\n")
    published.replace(f"{FOLDER}/pyproject.toml", '  "tqdm>=4.67,<5",\n', "")
    published.replace(f"{FOLDER}/docs/DATA.md", "# ", "# Older: ")
    ci = f"{FOLDER}/.github/workflows/ci.yml"
    published.replace(ci, "timeout-minutes: 20", "timeout-minutes: 10")
    for file in [p for p in published.path.rglob("*") if p.is_file() and ".git" not in p.parts]:
        name, content = file.relative_to(published.path), file.read_bytes()
        for old, new in FORMER.items():
            if old.encode() in content:
                published.replace(name, old, new)
    published.replace("local_extensions.py", '"_region"', '"region"')
    published.replace("cookiecutter.json", '"_region"', '"region"')
    published.replace("cookiecutter.json", '"_golden_signals": "no",', "")
    published.replace("cookiecutter.json", '"_asynchronous_serving": "no",', "")
    published.replace("parts.toml", 'region = "Google Cloud region"\n', "")
    published.replace("parts.toml", 'golden_signals = ["no", "yes"]\n', "")
    published.replace("parts.toml", 'asynchronous_serving = ["no", "yes"]\n', "")
