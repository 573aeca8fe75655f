"""The three laws of the template, each with a test that breaks it and sees it turn red."""

import ast
import json
import re
import sys
import tomllib

import pytest
from conftest import STENCIL, TEMPLATE
from stencil import HOOK, PARTS, project, template_files
from test_growth import QUESTIONS

from mlsd import rooms
from mlsd.engine import wishes

HOLD_ANSWERS = {
    ".github/CODEOWNERS",
    "Dockerfile",
    "README.md",
    "pyproject.toml",
    "docs/API.md",
    "docs/DASHBOARD.md",
    "docs/DATA.md",
    "docs/DEPLOYMENT.md",
    "docs/CLOUD_SETUP.md",
    "docs/GITFLOW.md",
    "docs/JOBS.md",
    "docs/MONITORING.md",
    "docs/PIPELINE.md",
    "docs/PROJECT_CARD.md",
    "docs/SERVING.md",
    "docs/TROUBLESHOOTING.md",
    "docs/WALKTHROUGH.md",
    "scripts/vm.yaml",
    "terraform/project.tfvars",
    "variants/licence/mit/LICENSE",
}
RENDERED_BY_FLASK = ".html"


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


def law_2(files, parts):
    """List where the table of parts and the files of the template differ."""
    broken = []
    for condition, paths in parts["paths"].items():
        broken += problems_of(condition)
        broken += [f"{path} does not exist" for path in paths if not is_there(path, files)]
    owned = [path for paths in parts["paths"].values() for path in paths]
    variants = [path for path in files if path.startswith("variants/")]
    broken += [f"{p} belongs to no choice" for p in variants if not HOOK["is_within"](p, owned)]
    return broken + list(broken_sections(files, parts["sections"]))


def is_there(path, files):
    return any(HOOK["is_within"](name, [path]) for name in files)


def problems_of(condition):
    """Say what is wrong with a condition: it must name a sprint, or a question and its choices."""
    for term in condition.split(" and "):
        match = re.fullmatch(r"sprint (?:>=|<) [3-6]|(\w+) = (.+)", term)
        if match is None:
            yield f"{term} is no condition"
        elif match[1] and match[1] not in QUESTIONS.names:
            yield f"{term} names no question"
        elif match[1] and not set(match[2].split(" | ")) <= set(QUESTIONS.choices(match[1])):
            yield f"{term} is no choice"


def broken_sections(files, listed):
    """Find marks in files that are not listed, that are not closed, or that are no condition."""
    for path, content in files.items():
        text = content.decode()
        marks = re.findall(r"(?:#|<!--) >>> (.+?)(?: -->)?$", text, flags=re.MULTILINE)
        if marks and re.sub(r"^variants/\w+/[\w-]+/", "", path) not in listed:
            yield f"{path} holds a section, but is not listed"
        yield from (f"{path}: {problem}" for mark in marks for problem in problems_of(mark))
        ends = re.findall(r"^ *(?:#|<!--) (>>>|<<<)", text, flags=re.MULTILINE)
        if ends != [">>>", "<<<"] * (len(ends) // 2):
            yield f"{path} has a section without its end, or one inside another"
    unused = [path for path in listed if b">>> " not in files.get(path, b"")]
    yield from (f"{path} is listed, but holds no section" for path in unused)


def law_3(files):
    """List what a project's code imports of the project and does not have."""
    modules = {re.sub(r"(/__init__)?\.py$", "", path).replace("/", ".") for path in files}
    broken = []
    for path, file in files.items():
        if path.endswith(".py"):
            wanted = {
                f"src.{name}" for name in imports(file.content.decode()) if name[:4] == "app."
            }
            wanted -= {"src.app.ROOMS"}
            broken += [f"{path} imports {n}" for n in sorted(wanted) if not has(n, modules)]
    return broken


def has(name, modules):
    """Say whether a module is there, or what is imported from one."""
    return name in modules or name.rpartition(".")[0] in modules - {"src.app"}


def imports(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_template_keeps_the_first_law():
    assert law_1(TEMPLATE) == []


def test_the_template_keeps_the_second_law():
    assert law_2(template_files(), PARTS) == []


@pytest.mark.parametrize("part", ["none", *QUESTIONS.parts])
@pytest.mark.parametrize("sprint", wishes.SPRINTS)
def test_the_template_keeps_the_third_law(sprint, part):
    chosen = {} if part == "none" else {part: "yes"}

    assert law_3(project(until_sprint=sprint, **chosen)) == []


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


def test_law_2_turns_red():
    files = template_files() | {"variants/sample/cars/data/sample.csv": b"a,b"}
    del files["variants/licence/mit/LICENSE"]

    assert law_2(files, PARTS) == [
        "variants/licence/mit does not exist",
        "variants/sample/cars/data/sample.csv belongs to no choice",
    ]


@pytest.mark.parametrize("condition", ["sprint > 3", "sprint >= 7", "licence = BSD", "shop = open"])
def test_law_2_sees_a_condition_that_is_none(condition):
    parts = PARTS | {"paths": PARTS["paths"] | {condition: ["README.md"]}}

    assert any(condition in line for line in law_2(template_files(), parts))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("src/app/errors.py", "# >>> licence = MIT\n# <<<\n", "errors.py holds a section, but is"),
        ("src/app/api/serving.py", "# >>> licence = BSD\n# <<<\n", "licence = BSD is no choice"),
        ("src/app/api/serving.py", "# >>> licence = MIT\n", "serving.py has a section without"),
        ("docs/DATA.md", "<!-- <<< -->\n", "DATA.md has a section without"),
        ("pyproject.toml", 2 * "# >>> licence = MIT\n" + 2 * "# <<<\n", "one inside another"),
    ],
)
def test_law_2_sees_a_section_that_is_not_kept(path, text, expected):
    files = template_files()

    assert any(
        expected in line for line in law_2(files | {path: files[path] + text.encode()}, PARTS)
    )


def test_law_3_turns_red():
    files = project(until_sprint="2")
    train = files["src/app/training/train.py"]
    files["src/app/training/train.py"] = train._replace(
        content=train.content + b"\nfrom app.api import client\nfrom app import history\n"
    )

    assert law_3(files) == [
        "src/app/training/train.py imports src.app.api",
        "src/app/training/train.py imports src.app.api.client",
        "src/app/training/train.py imports src.app.history",
    ]


def test_sections_and_lines_are_kept_by_their_answers():
    text = (
        "a\n# >>> licence = MIT | none\nb\n# <<<\nc  # >>> sprint >= 3 and sample = delays\n"
        "<!-- >>> sprint < 4 -->\nd\n<!-- <<< -->\n| e | <!-- >>> sprint >= 4 -->\nf\n"
    )
    some = {"until_sprint": "3", "_licence": "none", "sample": "delays"}
    others = {"until_sprint": "everything", "_licence": "Apache-2.0", "sample": "penguins"}

    assert HOOK["keep_sections"](text, some) == "a\nb\nc\nd\nf\n"
    assert HOOK["keep_sections"](text, others) == "a\n| e |\nf\n"


def test_all_that_is_rendered_is_meant_to_be():
    copied = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))

    assert "*.py" in copied["_copy_without_render"]
    assert not [p for p in HOLD_ANSWERS if not (STENCIL / p).exists()]


def test_hooks_and_checks_use_only_the_standard_library_and_cookiecutter():
    allowed = sys.stdlib_module_names | {"cookiecutter", "jinja2"}
    for path in [*TEMPLATE.glob("hooks/*.py"), TEMPLATE / "local_extensions.py"]:
        text = path.read_text(encoding="utf-8")
        assert {name.split(".")[0] for name in imports(text)} <= allowed, path


def test_the_tools_know_the_sprint_of_each_room():
    by_table = {
        path.removeprefix("src/app/"): int(rule.split()[2])
        for rule, paths in PARTS["paths"].items()
        for path in paths
        if re.fullmatch(r"src/app/\w+", path)
    }

    assert by_table == rooms.SPRINTS
