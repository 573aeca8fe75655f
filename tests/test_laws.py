"""The three laws of the template, each with a test that breaks it and sees it turn red."""

import ast
import json
import re
import runpy
import tomllib

import pytest
from conftest import STENCIL, TEMPLATE

HOLD_ANSWERS = {
    ".github/CODEOWNERS",
    "Dockerfile",
    "README.md",
    "pyproject.toml",
    "docs/API.md",
    "docs/DASHBOARD.md",
    "docs/DATA.md",
    "docs/CLOUD_SETUP.md",
    "docs/JOBS.md",
    "docs/MONITORING.md",
    "docs/PROJECT_CARD.md",
    "docs/SERVING.md",
    "docs/WALKTHROUGH.md",
    "terraform/project.tfvars",
    "variants/licence/mit/LICENSE",
}
RENDERED_BY_FLASK = ".html"


def hook(template):
    return runpy.run_path(str(template / "hooks/post_gen_project.py"))


def hook_parts(template):
    return hook(template)["PARTS"]


def stencil(template):
    return template / STENCIL.name


def files(folder):
    made = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".venv"}
    return [p for p in folder.rglob("*") if p.is_file() and not made & set(p.parts)]


def law_1(template):
    """List the files that are not valid in their own language, or hold an answer unasked."""
    parsers = {".py": ast.parse, ".toml": tomllib.loads, ".json": json.loads}
    broken = []
    for path in [*files(stencil(template)), *template.glob("*.py"), *template.glob("hooks/*.py")]:
        text, name = path.read_text(encoding="utf-8"), path.name
        try:
            parsers.get(path.suffix, str)(text)
        except (SyntaxError, ValueError) as error:
            broken.append(f"{name} is not valid: {error}")
        if "{%" in text and path.suffix not in (".md", RENDERED_BY_FLASK):
            broken.append(f"{name} holds a control block")
        inside = path.is_relative_to(stencil(template))
        relative = path.relative_to(stencil(template)).as_posix() if inside else ""
        if inside and "cookiecutter." in text and relative not in HOLD_ANSWERS:
            broken.append(f"{relative} holds an answer")
    return broken


def law_2(template):
    """List where the table of parts and the files differ."""
    root, parts = stencil(template), hook_parts(template)
    asked = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    broken, owned = [], []
    for answer, choices in parts.items():
        if set(choices) != set(asked[answer]):
            broken.append(f"{answer}: the choices differ from those of cookiecutter.json")
        for path in (path for paths in choices.values() for path in paths):
            owned.append(path)
            if not (root / path).exists():
                broken.append(f"{path} does not exist")
    variants = [path.relative_to(root).as_posix() for path in files(root / "variants")]
    strays = [name for name in variants if not name.startswith(tuple(f"{p}/" for p in owned))]
    broken += [f"{name} belongs to no choice" for name in strays]
    return broken + list(broken_sections(template, asked))


def broken_sections(template, asked):
    """Find marks in files that are not listed, that are not closed, or that name no choice."""
    listed, root = hook(template)["SECTIONS"], stencil(template)
    for path in files(root):
        relative, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        of_project = re.sub(r"^variants/\w+/[\w-]+/", "", relative)
        marks = re.findall(r"# >>> (\w+) = (.+)$", text, flags=re.MULTILINE)
        if marks and of_project not in listed:
            yield f"{relative} holds a section, but is not listed"
        for answer, choices in marks:
            if not set(choices.split(" | ")) <= set(asked.get(answer, [])):
                yield f"{relative}: {answer} = {choices} is no choice"
        begun = len(re.findall(r"^ *# >>> ", text, flags=re.MULTILINE))
        if begun != len(re.findall(r"^ *# <<<$", text, flags=re.MULTILINE)):
            yield f"{relative} has a section without its end"


def law_3(template):
    """List the modules of the core that import a module of an option."""
    root, parts = stencil(template), hook_parts(template)
    owned = {path for choices in parts.values() for paths in choices.values() for path in paths}
    modules = {path for path in owned if path.startswith("src/app/")}
    options = {
        re.sub(r"(/__init__)?\.py$", "", m.removeprefix("src/")).replace("/", ".") for m in modules
    }
    broken = []
    for path in files(root / "src"):
        relative = path.relative_to(root).as_posix()
        if path.suffix != ".py" or any(relative.startswith(module) for module in modules):
            continue
        for imported in imports(path, hook(template)["keep_sections"]):
            if any(imported == option or imported.startswith(f"{option}.") for option in options):
                broken.append(f"{relative} imports {imported}")
    return broken


class NoPart(dict):
    """Answers that choose no part, so that what is left is the core."""

    def __missing__(self, _):
        return "no"


def imports(path, keep_sections=lambda text, _: text):
    text = keep_sections(path.read_text(encoding="utf-8"), NoPart())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("law", [law_1, law_2, law_3])
def test_the_template_keeps_the_law(law):
    assert law(TEMPLATE) == []


def add(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        (path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("src/app/data/ingest.py", "\n{{ cookiecutter.region }}s\n", "ingest.py is not valid"),
        (
            "src/app/data/ingest.py",
            '\nREGION = "{{ cookiecutter.region }}"\n',
            "ingest.py holds an answer",
        ),
        ("pyproject.toml", "\n{% if cookiecutter.licence %}\n", "pyproject.toml is not valid"),
        ("pyproject.toml", "\n# {% raw %}\n", "pyproject.toml holds a control block"),
    ],
)
def test_law_1_turns_red(template_copy, path, text, expected):
    add(stencil(template_copy) / path, text)

    assert any(expected in line for line in law_1(template_copy))


def test_law_2_turns_red(template_copy):
    add(stencil(template_copy) / "variants/sample/cars/data/sample.csv", "a,b\n")
    (stencil(template_copy) / "variants/licence/mit/LICENSE").unlink()
    (stencil(template_copy) / "variants/licence/mit").rmdir()

    assert law_2(template_copy) == [
        "variants/licence/mit does not exist",
        "variants/sample/cars/data/sample.csv belongs to no choice",
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("src/app/errors.py", "# >>> licence = MIT\n# <<<\n", "errors.py holds a section, but is"),
        ("src/app/api/serving.py", "# >>> licence = BSD\n# <<<\n", "licence = BSD is no choice"),
        ("src/app/api/serving.py", "# >>> licence = MIT\n", "serving.py has a section without"),
    ],
)
def test_law_2_sees_a_section_that_is_not_kept(template_copy, path, text, expected):
    add(stencil(template_copy) / path, text)

    assert any(expected in line for line in law_2(template_copy))


def test_law_3_turns_red(template_copy):
    hook = template_copy / "hooks/post_gen_project.py"
    text = hook.read_text(encoding="utf-8").replace(
        '"penguins": []', '"penguins": ["src/app/extra.py"]'
    )
    hook.write_text(text, encoding="utf-8")
    add(stencil(template_copy) / "src/app/extra.py", "from app import data\n")
    assert law_3(template_copy) == []

    add(stencil(template_copy) / "src/app/training/train.py", "\nfrom app import extra\n")

    assert law_3(template_copy) == ["src/app/training/train.py imports app.extra"]


def test_sections_and_lines_are_kept_by_their_answers():
    keep = hook(TEMPLATE)["keep_sections"]
    text = "a\n# >>> licence = MIT | none\nb\n# <<<\nc  # >>> sample = delays\nd\n"

    assert keep(text, {"licence": "none", "sample": "delays"}) == "a\nb\nc\nd\n"
    assert keep(text, {"licence": "Apache-2.0", "sample": "penguins"}) == "a\nd\n"


def test_all_that_is_rendered_is_meant_to_be():
    copied = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))

    assert "*.py" in copied["_copy_without_render"]
    assert not [p for p in HOLD_ANSWERS if not (STENCIL / p).exists()]


def test_hooks_and_checks_use_only_the_standard_library_and_cookiecutter():
    allowed = {
        "json",
        "shutil",
        "subprocess",
        "pathlib",
        "re",
        "sys",
        "keyword",
        "cookiecutter",
        "jinja2",
    }
    for path in (TEMPLATE / "hooks/post_gen_project.py", TEMPLATE / "local_extensions.py"):
        assert {name.split(".")[0] for name in imports(path)} <= allowed, path
