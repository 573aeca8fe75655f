"""At each stage a project names no path, command or word of a part that comes later."""

import re
import tomllib
from functools import cache
from itertools import chain
from pathlib import PurePosixPath

import pytest
import stencil
from test_growth import QUESTIONS

STAGES = ["2", "3", "4", "everything"]
WORDS = {
    3: "API|Flask|Swagger|gunicorn|waitress|Cloud Run|Docker|Dockerfile|containers?|OpenAPI|canary"
    "|Locust|Schemathesis|Prometheus|HTTP API|endpoints?",
    4: "Kubeflow|KFP|Vertex AI|Vertex|batch|orchestrators?",
    5: "dashboards?|Streamlit|8501",
    6: "drifts?|monitors?|monitored|monitoring|golden signals?",
}
"""Words of the parts, by the sprint that brings them; whole words, in capitals or not."""

OF_OTHERS = {
    "src/app/storage/cloud.py": {"batch"},
    "scripts/experiment.py": {"batch"},
    "scripts/cloud.py": {"container"},
    "terraform/bootstrap/apis.tf": {"api"},
    "terraform/bootstrap/budget.tf": {"api"},
    "terraform/bootstrap/members.tf": {"api"},
}
"""Words that others chose: Arrow, Firestore and scipy say batch, Google says API and container."""

FORMS = [".github/pull_request_template.md"]
"""Pages whose headings stand alone, because each pull request fills them in."""

PLACES = r"(?:src|docs|tests|scripts|terraform|data|\.github)/[\w./-]*[\w/]"


@cache
def chosen(stage, option="no"):
    """Give the files of a project until a stage, as texts."""
    files = stencil.project(until_sprint=stage, **dict.fromkeys(QUESTIONS.parts, option))
    return {name: file.content.decode() for name, file in files.items()}


def level(stage):
    return 6 if stage == "everything" else int(stage)


def tasks(files):
    return set(tomllib.loads(files["pyproject.toml"])["tool"]["poe"]["tasks"])


def absent_paths(text, here, everywhere):
    """List the files and folders that a text names and that only a later stage has."""
    later = with_folders(everywhere) - with_folders(here)
    basenames = basenames_of(everywhere) - basenames_of(here)
    named = set(re.findall(rf"(?<![\w./-]){PLACES}", text)) | set(re.findall(r"`([^`\s]+)`", text))
    for name in sorted(named):
        path = name.rstrip("/")
        if path in later or ("." in path and path in basenames):
            yield name


def basenames_of(paths):
    return {PurePosixPath(path).name for path in paths}


def with_folders(paths):
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return set(paths) | parents


def absent_tasks(text, here, everywhere):
    """List the tasks of poe that a text names and that only a later stage has."""
    named = set(re.findall(r"\bpoe ([a-z][a-z0-9-]*)", text))
    return sorted(named & (everywhere - here))


def later_words(text, stage):
    """List the words of later parts that a text holds."""
    for sprint, words in WORDS.items():
        if sprint > level(stage):
            yield from re.findall(rf"(?<![\w-])(?:{words})(?![\w-])", text, re.IGNORECASE)


def faults_of_markdown(text, is_form):
    """Name what is wrong with the shape of a page."""
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "it does not end with exactly one newline"
    if "\n\n\n" in text:
        yield "two blank lines follow each other"
    if not is_form:
        yield from what_is_empty(text)


def what_is_empty(text):
    """Name the headings and tables of a page that hold nothing."""
    lines = [line for line in without_code(text).splitlines() if line.strip()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        depth = re.match("#*", line)[0]
        if depth and not re.match(rf"[^#]|{depth}#", following):
            yield f"nothing stands under {line!r}"
    for table in re.findall(r"(?:^\|.*\n)+", without_code(text), flags=re.MULTILINE):
        if not re.match(r".*\n\|(?:\s*:?-+:?\s*\|)+\n.", table):
            yield f"a table has no header or no rows: {table.splitlines()[0]!r}"


def without_code(text):
    return re.sub(r"^```.*?^```$", "code", text, flags=re.MULTILINE | re.DOTALL)


def leftovers(stage, name, text, option="no"):
    """List everything in a file that a later stage, or an option, would bring."""
    files, whole = chosen(stage, option), chosen("everything", "yes")
    yield from (f"{name} names the path {path}" for path in absent_paths(text, files, whole))
    yield from (
        f"{name} names the task {t}" for t in absent_tasks(text, tasks(files), tasks(whole))
    )
    words = [word for word in later_words(text, stage) if word not in OF_OTHERS.get(name, ())]
    yield from (f"{name} says {word!r}" for word in words)
    if re.search(r"(#|<!--) (>>> .+ [<>=]+ |<<<)", text):
        yield f"{name}: a mark of a section is left"
    if name.endswith(".md"):
        faults = faults_of_markdown(text, is_form=name in FORMS)
        yield from (f"{name}: {fault}" for fault in faults)


@pytest.mark.parametrize("option", ["no", "yes"])
@pytest.mark.parametrize("stage", STAGES)
def test_no_file_speaks_of_what_comes_later(stage, option):
    files = chosen(stage, option)
    named = files.keys() - {"later.toml"}  # which names later commands, and says when they come

    faults = [leftovers(stage, name, files[name], option) for name in sorted(named)]
    assert list(chain.from_iterable(faults)) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("Ask the API.", "says 'API'"),
        ("It runs on Vertex AI.", "says 'Vertex AI'"),
        ("Read `docs/SERVING.md`.", "names the path docs/SERVING.md"),
        ("Everything is in src/app/api/.", "names the path src/app/api/"),
        ("The workflow is `deploy.yml`.", "names the path deploy.yml"),
        ("Run `uv run poe load`.", "names the task load"),
        ("\n\nTwo blank lines.", "two blank lines follow each other"),
        ("## Nothing\n\n## More\n\nText.", "nothing stands under '## Nothing'"),
        ("## Nothing", "nothing stands under '## Nothing'"),
        ("| a |\n|---|\n\nText.", "a table has no header or no rows: '| a |'"),
        ("Text.\n\n| a | b |\n", "a table has no header or no rows: '| a | b |'"),
        ("A row <!-- >>> sprint >= 3 -->", "a mark of a section is left"),
        ("Text.\n", "it does not end with exactly one newline"),
    ],
)
def test_what_is_planted_is_seen(planted, fault):
    text = chosen("2")["docs/DATA.md"]

    before = list(leftovers("2", "docs/DATA.md", text))
    after = list(leftovers("2", "docs/DATA.md", f"{text}\n{planted}\n"))
    assert not any(fault in line for line in before)
    assert any(fault in line for line in after)
