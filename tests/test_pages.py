"""The pages of a project, in its variants: what they name is there, and where they lead is a place.

`test_stages.py` looks for words of later parts; here each fact must be true of the variant.
"""

import json
import re
import tomllib
from posixpath import dirname, join, normpath

import pytest
import stencil
import yaml

VARIANTS = [
    {},
    {"until_sprint": "2"},
    {"until_sprint": "3"},
    {"until_sprint": "4"},
    {"sample": "delays", "data_store": "Firestore"},
    {"until_sprint": "2", "data_store": "Firestore"},
    {"data_store": "Cloud Storage", "serving_mode": "batch"},
    {"api_framework": "Connexion", "sample": "delays", "serving_mode": "online"},
    {"api_framework": "Connexion", "until_sprint": "3"},
    {
        "online_experiments": "yes",
        "asynchronous_serving": "yes",
        "golden_signals": "yes",
        "kubernetes": "yes",
        "triton": "yes",
        "optimisation": "yes",
    },
    {"triton": "yes", "until_sprint": "3"},
]
STORES = {"BigQuery": r"BigQuery|BQ_|\bbq\b", "Firestore": "Firestore|FIRESTORE"}
"""Words that only one table store has. Cloud Storage has none: it holds the objects of all."""

OF_ALL_STORES = ("| relational, SQL", "| document (OLTP)", "| another answer to a question")
"""Beginnings of the rows that compare stores, or show how to change the answer."""

OF_WAITRESS = "waitress|gunicorn|four threads|4 threads"
BENCHMARK = "docs/SERVING.md"


def texts(**answers):
    """Give the files of a project that are texts."""
    files = stencil.project(**answers)
    return {name: file.content.decode() for name, file in files.items()}


def pages(files):
    return {name: text for name, text in files.items() if name.endswith(".md")}


def absent_tasks(files):
    """List the tasks of poe that a page names and that the project does not have."""
    tasks = set(tomllib.loads(files["pyproject.toml"])["tool"]["poe"]["tasks"])
    for name, text in pages(files).items():
        for task in re.findall(r"\bpoe ([a-z][a-z0-9-]*)", text):
            if task not in tasks:
                yield f"{name} names the task {task}"


def broken_links(files):
    """List the links of pages to a file or a heading that the project does not have."""
    for name, text in pages(files).items():
        for link in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            if not link.startswith("https://") and not leads_somewhere(link, name, files):
                yield f"{name} links to {link}"


def leads_somewhere(link, page, files):
    path, _, anchor = link.partition("#")
    target = normpath(join(dirname(page), path)) if path else page
    return target in files and (not anchor or anchor in anchors(files[target]))


def anchors(text):
    """Name the headings of a page as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"(?ms)^```.*?^```$", "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^```.*?^```$", "", text))


def empty_promises(files):
    """List what the walkthrough gives as the place of an answer, and is no such place.

    A page is a link to one of its headings, a file exists, a name is defined in its row's file.
    """
    text = files["docs/WALKTHROUGH.md"]
    for path, question in re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE):
        for place in re.findall(r"`([^`]+)`", " ".join(re.findall(r"\(`[^)]+\)", question))):
            if place.startswith("docs/") or not (place in files or defines(files[path], place)):
                yield f"{path}: {place}"
        links = re.findall(r"\]\(([^)]+)\)", question)
        yield from (f"{path}: {link} names no heading" for link in links if "#" not in link)


def defines(code, name):
    return re.search(rf"^(?:\s*def|class) {name}\b|^{name}\b", code, re.MULTILINE)


def stores_of_others(files, store):
    """List the lines of pages that name a table store which the project does not have."""
    words = "|".join(pattern for name, pattern in STORES.items() if name != store)
    for name, text in pages(files).items():
        for line in text.splitlines():
            if re.search(words, line) and not line.startswith(OF_ALL_STORES):
                yield f"{name}: {line}"


@pytest.mark.parametrize("answers", VARIANTS, ids=str)
def test_the_tasks_that_pages_name_are_there(answers):
    assert list(absent_tasks(texts(**answers))) == []


@pytest.mark.parametrize("answers", VARIANTS, ids=str)
def test_the_links_of_pages_lead_to_a_heading(answers):
    assert list(broken_links(texts(**answers))) == []


@pytest.mark.parametrize("answers", VARIANTS, ids=str)
def test_what_the_walkthrough_promises_is_kept(answers):
    assert list(empty_promises(texts(**answers))) == []


@pytest.mark.parametrize("until_sprint", ["2", "everything"])
@pytest.mark.parametrize("store", ["BigQuery", "Firestore", "Cloud Storage"])
def test_pages_name_the_store_of_the_project_only(store, until_sprint):
    files = texts(data_store=store, until_sprint=until_sprint)

    assert list(stores_of_others(files, store)) == []


@pytest.mark.parametrize("until_sprint", ["3", "everything"])
def test_pages_of_connexion_do_not_describe_another_server(until_sprint):
    files = pages(texts(api_framework="Connexion", until_sprint=until_sprint))

    assert [name for name, text in files.items() if re.search(OF_WAITRESS, text)] == []


@pytest.mark.parametrize("sample", ["penguins", "delays"])
@pytest.mark.parametrize("framework", ["Flask", "Connexion"])
def test_numbers_that_were_measured_elsewhere_say_so(sample, framework):
    text = texts(sample=sample, api_framework=framework)[BENCHMARK]

    measured = "the sample of penguins" if sample == "penguins" else "another sample"
    assert f"It measured the API with Flask and {measured}" in text
    assert ("so not this project" in text) == ((sample, framework) != ("penguins", "Flask"))


@pytest.mark.parametrize("sample", ["penguins", "delays"])
def test_the_answer_that_the_page_shows_has_the_fields_of_the_specification(sample):
    files = texts(sample=sample)
    shown = json.loads(re.search(r"(?ms)^```json\n(\{\n.*?)^```$", files["docs/API.md"])[1])
    schemas = yaml.safe_load(files["src/app/api/openapi.yaml"])["components"]["schemas"]

    assert list(shown) == list(schemas["Predictions"]["properties"])
    assert list(shown["predictions"][0]) == list(schemas["Prediction"]["properties"])


def test_pages_say_the_price_that_their_own_prices_give():
    text = texts()[BENCHMARK]
    second, gib = map(float, re.findall(r"\$(0\.0000\d+)", text))
    free, free_gib = map(
        number, re.search(r"([\d,]+) and ([\d,]+) seconds are free", text).groups()
    )
    rows = re.findall(r"\| ([\d,]+) \| (\S+) \| (\S+) \| \$([\d.]+) \|", text)

    assert len(rows) == 3
    for seconds, _, _, total in rows:
        used = number(seconds)
        price = max(0, used - free) * second + max(0, used - free_gib) * gib
        assert float(total) == pytest.approx(price, abs=0.01)


def number(text):
    return int(text.replace(",", ""))


@pytest.mark.parametrize(
    ("find", "page", "planted", "fault"),
    [
        (absent_tasks, "docs/DATA.md", "Run `uv run poe serving`.", "names the task serving"),
        (broken_links, "docs/DATA.md", "[Here](#nowhere).", "links to #nowhere"),
        (broken_links, "docs/DATA.md", "[Here](API.md#nowhere).", "links to API.md#nowhere"),
        (broken_links, "README.md", "[Here](DATA.md).", "links to DATA.md"),
        (
            empty_promises,
            "docs/WALKTHROUGH.md",
            "| `src/app/schema.py` | a | b | Why? (`docs/DATA.md`) |",
            "src/app/schema.py: docs/DATA.md",
        ),
        (
            empty_promises,
            "docs/WALKTHROUGH.md",
            "| `src/app/schema.py` | a | b | Why? (`vanished`) |",
            "src/app/schema.py: vanished",
        ),
        (
            empty_promises,
            "docs/WALKTHROUGH.md",
            "| `src/app/schema.py` | a | b | Why? ([`docs/DATA.md`](DATA.md)) |",
            "DATA.md names no heading",
        ),
        (
            lambda files: stores_of_others(files, "Firestore"),
            "docs/MONITORING.md",
            "The tables are in BigQuery.",
            "The tables are in BigQuery.",
        ),
    ],
)
def test_what_is_planted_is_seen(find, page, planted, fault):
    files = texts()

    before = list(find(files))
    files[page] += f"\n{planted}\n"
    new = [line for line in find(files) if line not in before]
    assert len(new) == 1
    assert fault in new[0]
