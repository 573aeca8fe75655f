"""The template's pages: complete, and naming only what exists."""

import ast
import re
import runpy
import tomllib

import pytest
import stencil
from conftest import STENCIL, TEMPLATE

from mlsd.engine.wishes import SPRINTS

PAGES = [*TEMPLATE.glob("*.md"), *TEMPLATE.glob("docs/*.md")]


def listed_in_tour(options=True):
    text = (TEMPLATE / "docs/tour.md").read_text(encoding="utf-8")
    if not options:
        text = text.partition("## Options")[0]
    return listed(text)


def listed(text):
    return set(re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE))


def explained(project):
    """List the files of `src/app` that a project's walkthrough explains, and the rooms' doors."""
    doors = {name for name in project.files() if re.fullmatch(r"src/app/\w+/__init__\.py", name)}
    text = (project.path / "docs/WALKTHROUGH.md").read_text(encoding="utf-8")
    return doors | {name for name in listed(text) if name.startswith("src/app/")}


@pytest.mark.parametrize("answers", [{}, {"sample": "delays", "licence": "Apache-2.0"}])
def test_the_tour_explains_every_file_and_no_other(bake, answers):
    project = bake(**answers)

    assert listed_in_tour(options=False) | explained(project) == project.files()


def test_the_tour_explains_the_options(bake):
    answers = {
        "online_experiments": "yes",
        "asynchronous_serving": "yes",
        "golden_signals": "yes",
        "kubernetes": "yes",
        "triton": "yes",
        "optimisation": "yes",
    }

    project = bake(**answers)

    assert listed_in_tour() | explained(project) == project.files()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page):
    tasks = set()
    for folder in (TEMPLATE, STENCIL):
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        tasks |= set(tomllib.loads(text)["tool"]["poe"]["tasks"])

    assert (
        set(re.findall(r"uv run poe ([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"))) <= tasks
    )


@pytest.mark.parametrize("store", ["BigQuery", "Firestore", "Cloud Storage"])
def test_no_page_of_a_project_asks_for_an_answer_that_was_given(store):
    pages = stencil.project(data_store=store).items()
    texts = {name: file.content.decode() for name, file in pages if name.endswith(".md")}

    assert len(texts) > 20
    for name, text in texts.items():
        assert not re.findall(r"YOUR_PROJECT\w*|\bOWNER/|/REPOSITORY\b", text), name


def test_the_readme_counts_its_questions():
    asked = [n for n in ast.literal_eval(questions()) if not n.startswith("_")]

    assert len(asked) == 10
    assert "ten questions" in (TEMPLATE / "README.md").read_text(encoding="utf-8")


def questions():
    return (TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8")


def test_every_fault_of_other_tools_is_tried_by_a_test_that_exists():
    text = (TEMPLATE / "docs/engine.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", text, flags=re.MULTILINE)
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATE.glob("tests/test_*.py")]
    defined = {name for text in sources for name in re.findall(r"^def (test_\w+)", text, re.M)}

    assert [int(number) for number, _ in rows] == list(range(1, 34))
    named = [name for _, tried in rows for name in re.findall(r"`(test_\w+)`", tried)]
    assert set(named) <= defined
    assert len({n for n, tried in rows if "`test_" in tried}) == 31


@pytest.mark.parametrize("sprint", SPRINTS)
def test_the_readme_shows_what_a_team_reads_at_each_stage(bake, sprint):
    stages = runpy.run_path(str(TEMPLATE / "scripts/stages.py"))
    row = stages["row"](sprint, bake(until_sprint=sprint).path)

    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert row in text, "run `uv run poe stages`"


def test_until_sprint_2_there_is_little_to_read(bake):
    stages = runpy.run_path(str(TEMPLATE / "scripts/stages.py"))
    _, _, code, files, _ = stages["row"]("2", bake(until_sprint="2").path).split("|")

    assert int(code.replace(",", "")) <= 2366
    assert int(files) <= 116
