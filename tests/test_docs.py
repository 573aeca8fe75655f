"""The template's pages: complete, and naming only what exists."""

import ast
import re
import tomllib

import pytest
from conftest import STENCIL, TEMPLATE

PAGES = [*TEMPLATE.glob("*.md"), *TEMPLATE.glob("docs/*.md")]


def listed_in_tour(options=True):
    text = (TEMPLATE / "docs/tour.md").read_text(encoding="utf-8")
    if not options:
        text = text.partition("## Options")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE))


@pytest.mark.parametrize("answers", [{}, {"sample": "delays", "licence": "Apache-2.0"}])
def test_the_tour_explains_every_file_and_no_other(bake, answers):
    assert listed_in_tour(options=False) == bake(**answers).files()


def test_the_tour_explains_the_options(bake):
    answers = {"online_experiments": "yes", "asynchronous_serving": "yes"}

    assert listed_in_tour() == bake(**answers).files()


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

    assert set(re.findall(r"uv run poe ([a-z][a-z-]*)", page.read_text(encoding="utf-8"))) <= tasks


def test_the_readme_counts_its_questions():
    asked = [n for n in ast.literal_eval(questions()) if not n.startswith("_")]

    assert len(asked) == 16
    assert "sixteen questions" in (TEMPLATE / "README.md").read_text(encoding="utf-8")


def questions():
    return (TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8")


def code_lines(path):
    """Count lines that are neither blank, nor comment, nor docstring."""
    text = path.read_text(encoding="utf-8")
    told = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            told |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(1 for n, line in lines if n not in told and line.strip() and line.strip()[0] != "#")


def test_the_project_stays_small(bake):
    files = list((bake().path / "src/app").rglob("*.py"))
    lengths = {
        f"{path.name}: {node.name}": node.end_lineno - node.lineno + 1
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    total = sum(map(code_lines, files))
    print(f"{total} lines of code in src/app, longest function {max(lengths.values())}")

    assert total <= 4150
    assert not {name: n for name, n in lengths.items() if n > 30}
