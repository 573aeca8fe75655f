"""Keep the chosen parts, record the answers, start the repository, say what comes next."""

import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

EVERYTHING = 6
# What the first commit must not depend on: a key for signatures, hooks of the user's, and names of
# files that the user ignores everywhere. The project's own .gitignore counts.
OURS = {
    "commit.gpgsign": "false",
    "core.attributesfile": "",
    "core.excludesfile": "",
    "core.hookspath": os.devnull,
    "core.safecrlf": "false",
}
NOBODY = {"user.name": "Template", "user.email": "template@example.com"}
FIRST_COMMIT = "Start from the template"
SEAL = "\ufdd0"
"""What the template's extension of Jinja writes into the marks of a file that it renders."""
SECTION = r"^ *(?:#|<!--) >>>SEAL (.+?)(?: -->)?\n((?:.*\n)*?) *(?:#|<!--) <<<SEAL(?: -->)?\n"
LINE = r"^(.*\S) +(?:#|<!--) >>>SEAL (.+?)(?: -->)?\n"


def choose(tree, parts, answers):
    """Choose the files of a project from all files of the template's project folder.

    `tree` maps paths to contents, `parts` is parts.toml. Variants are put into place, and the marks
    of sections are removed.
    """
    rules = parts["paths"].items()
    unchosen = [path for rule, paths in rules if not holds(rule, answers) for path in paths]
    files = {path: tree[path] for path in tree if not is_within(path, unchosen)}
    for path in [path for path in files if path.startswith("variants/")]:
        target, content = path.split("/", 3)[3], files.pop(path)
        if not is_within(target, unchosen):
            files[target] = content
    for path in files.keys() & set(parts["sections"]):
        files[path] = keep_sections(files[path].decode(), answers).encode()
    return files


def holds(condition, answers):
    """Say whether answers fulfil a condition, such as `sprint >= 3 and sample = delays`."""
    for term in condition.split(" and "):
        name, sign, value = term.split(" ", 2)
        if name == "sprint":
            until = answers["until_sprint"]
            level = EVERYTHING if until == "everything" else int(until)
            fulfilled = level >= int(value) if sign == ">=" else level < int(value)
        else:
            fulfilled = answers.get(name, answers.get(f"_{name}")) in value.split(" | ")
        if not fulfilled:
            return False
    return True


def is_within(path, owners):
    """Say whether a path is one of some files and folders, or inside one."""
    return any(path == owner or path.startswith(f"{owner}/") for owner in owners)


def keep_sections(text, answers):
    """Remove the marks from a text, and the sections and lines that were not chosen.

    Where marks are sealed, what looks like one without a seal is the text of an answer.
    """
    seal = SEAL if SEAL in text else ""
    section, line = (re.compile(mark.replace("SEAL", seal), re.M) for mark in (SECTION, LINE))
    text = section.sub(lambda match: match[2] if holds(match[1], answers) else "", text)
    return line.sub(lambda match: f"{match[1]}\n" if holds(match[2], answers) else "", text)


def read_tree(folder):
    """Read a folder as a map of paths to contents."""
    files = (path for path in folder.rglob("*") if path.is_file())
    tree = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in tree.items() if not is_within(name, [".git"])}


def write_tree(folder, before, after):
    """Make a folder that holds one tree hold another."""
    for name in after.keys() | before.keys():
        path = folder / name
        if name not in after:
            path.unlink()
        elif after[name] != before.get(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(after[name])
    for path in sorted(folder.rglob("*"), reverse=True):  # the deepest first
        of_git = is_within(path.relative_to(folder).as_posix(), [".git"])
        if path.is_dir() and not of_git and not any(path.iterdir()):
            path.rmdir()


def digest(tree):
    """Give a hash of all files but where the tools come from, to compare a later render with."""
    total = hashlib.sha256()
    for name in sorted(tree):
        content = re.sub(rb"^MLSD\.default = .*$", b"", tree[name], flags=re.MULTILINE)
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def record_answers(answers, source, commit, tree):
    """Write where the project comes from and all answers, in the format of cruft, for updates."""
    of_this_machine = ("_output_dir", "_repo_dir", "_checkout", "_template")
    context = {name: value for name, value in answers.items() if name not in of_this_machine}
    record = {
        "template": source,
        "commit": commit,
        "checkout": answers.get("_checkout"),
        "context": {"cookiecutter": context | {"_template": source}},
        "directory": None,
        "tree": digest(tree),
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    Path(".cruft.json").write_bytes(text.encode())


def find_commit(template):
    """Give the commit of the template's folder; an archive of it names its commit in a file."""
    if git("-C", template, "rev-parse", "--show-prefix").text == "":
        return git("-C", template, "rev-parse", "HEAD").text
    named = template / ".template-commit"
    text = named.read_text(encoding="utf-8").strip() if named.exists() else ""
    return text if re.fullmatch("[0-9a-f]{40}", text) else None


def warnings(template, source, commit):
    """Say what keeps a team from updating this project, and what to do about it."""
    if commit is None:
        yield "The template has no git history here, so the record names no commit of it."
    elif git("-C", template, "status", "--porcelain", "--untracked-files=no").text:
        yield f"The template has changes that are no commit; {commit[:12]} is recorded."
    if source.endswith(".zip"):
        yield "An archive holds one version of the template, so this project cannot be updated."
    if "://" not in source and "@" not in source:
        yield (
            f"{source} is on this machine only, so teammates cannot use the course's tools.\n"
            "Write the address of the template's repository into .cruft.json (template) and\n"
            "pyproject.toml (MLSD)."
        )


def surroundings():
    """Say what around this project would take it in, and what to do about it."""
    name, outer = Path.cwd().name, git("-C", "..", "rev-parse", "--show-toplevel").text
    if outer:
        yield (
            f"{outer} is a git repository too, and keeps of this project only a link,\n"
            f"so teammates would get an empty folder: move {name} out of it."
        )
    files = (folder / "pyproject.toml" for folder in Path.cwd().parents)
    file = next((file for file in files if file.is_file()), None)  # uv looks no further, either
    if file and is_member(file):
        yield (
            f"{file} is of a uv workspace, which takes this project in: uv would install the\n"
            f"packages of all its members together. Move {name} out of it, or name it there in\n"
            "`exclude` of [tool.uv.workspace]."
        )


def is_member(file):
    """Say whether a pyproject.toml around this project is of a workspace that takes it in."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False  # the first command of uv names what is wrong with it
    rules = settings.get("tool", {}).get("uv", {}).get("workspace", {})
    members, excluded = (
        {file.parent / path for pattern in rules.get(kind, []) for path in paths(file, pattern)}
        for kind in ("members", "exclude")
    )
    return Path.cwd() in members - excluded


def paths(file, pattern):
    """List what a pattern of a workspace names."""
    return glob.glob(pattern, root_dir=file.parent, recursive=True)


def start_repository():
    """Make the first commit on `main`, go on to a branch `develop`, and say what happened."""
    if Path(".git").exists():
        return "A git repository is here already; it was left as it is, so commit the files."
    if not shutil.which("git"):
        return "git was not found, so there is no repository yet: install git, then run `git init`."
    ours = settings()
    for command in (
        ["init", "--quiet", "--template="],  # a template of the user's may ignore files, too
        ["symbolic-ref", "HEAD", "refs/heads/main"],
        ["add", "--all"],
        ["commit", "--quiet", "--no-verify", "-m", FIRST_COMMIT],
        ["checkout", "--quiet", "-b", "develop"],
    ):
        done = git(*ours, *command)
        if done.text is None:
            return without_commit(command[0], done.said)
    return "The first commit is on `main`; you are on `develop`."


def without_commit(command, said):
    """Say which command of git failed, why, and what to do."""
    return (
        f"But its repository is not: `git {command}` says\n"
        f"{' '.join(said.split())[:400]}\nMend that, then run:\n"
        f'    git add --all\n    git commit -m "{FIRST_COMMIT}"\n    git checkout -b develop'
    )


def settings():
    """Give git's settings for the first commit, with a name where the user has none."""
    known = git("config", "user.email").text and git("var", "GIT_COMMITTER_IDENT").text
    chosen = OURS if known else OURS | NOBODY
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


class Said(NamedTuple):
    """What git printed, or None if it failed or is missing; and why."""

    text: str | None
    said: str


def git(*arguments):
    """Run git, in this folder even where a hook of git calls cookiecutter."""
    elsewhere = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX",
                 "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")  # fmt: skip
    here = {name: value for name, value in os.environ.items() if name not in elsewhere}
    try:
        done = subprocess.run(["git", *map(str, arguments)], capture_output=True, env=here)
    except OSError as error:
        return Said(None, str(error))
    text, said = (part.decode("utf-8", "replace").strip() for part in (done.stdout, done.stderr))
    return Said(None if done.returncode else text, said or text)


def next_steps(answers, repository, notes):
    """Say in plain ASCII, which every terminal can print, what to type now."""
    told = "".join(f"\nNote: {note}\n" for note in notes)
    return f"""
{answers["project_slug"]} is ready. {repository}

    cd {answers["project_slug"]}
    pip install uv
    uv run poe demo       everything once, from the data on
    uv run poe test       the tests
    uv run poe            all commands
{told}"""


def main(answers, template, source):
    """Finish a project, in the folder into which cookiecutter wrote all files."""
    parts = tomllib.loads((template / "parts.toml").read_text(encoding="utf-8"))
    before = read_tree(Path())
    chosen = choose(before, parts, answers)
    write_tree(Path(), before, chosen)
    if "_repo_dir" not in answers:  # cruft renders, compares, and keeps a record of its own
        return
    commit = find_commit(template)
    record_answers(answers, source, commit, chosen)
    notes = [*warnings(template, source, commit), *surroundings()]
    print(next_steps(answers, start_repository(), notes).encode("ascii", "replace").decode())


if __name__ == "__main__":
    folder, origin = json.loads(
        r"""{{ [cookiecutter | template_folder, cookiecutter | template_source] | tojson }}"""
    )
    main(json.loads(r"""{{ cookiecutter | tojson }}"""), Path(folder), origin)
