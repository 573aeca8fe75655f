"""The template rendered in memory: all files of a project for some answers, in milliseconds."""

import runpy
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache

from conftest import STENCIL, TEMPLATE, named
from cookiecutter.environment import StrictEnvironment
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

from mlsd.engine.rendering import literal
from mlsd.engine.trees import File

sys.path.append(str(TEMPLATE))  # its extensions of Jinja
HOOK = runpy.run_path(str(TEMPLATE / "hooks/post_gen_project.py"))
PARTS = tomllib.loads((TEMPLATE / "parts.toml").read_text(encoding="utf-8"))
MADE = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".venv"}


def context(**answers):
    """Give all answers, those that follow from others included, as cookiecutter does."""
    given = {name: literal(value) for name, value in named(answers).items()}
    asked = generate_context(str(TEMPLATE / "cookiecutter.json"), extra_context=given)
    given = prompt_for_config(asked, no_input=True)
    places = {"_template": str(TEMPLATE), "_repo_dir": str(TEMPLATE), "_checkout": None}
    return dict(given) | places


def project(**answers):
    """Give the files of a project, without its record."""
    given = context(**answers)
    files = HOOK["choose"](_rendered(given), PARTS, given)
    return {path: File(content) for path, content in files.items()}


def _rendered(given):
    environment = StrictEnvironment(context={"cookiecutter": given}, keep_trailing_newline=True)
    copied = given["_copy_without_render"]
    return {
        path: content
        if any(fnmatch(path, pattern) for pattern in copied) or b"{" not in content
        else environment.from_string(content.decode()).render(cookiecutter=given).encode()
        for path, content in template_files().items()
    }


@cache
def template_files():
    """Give all files of the template's project folder."""
    paths = [p for p in STENCIL.rglob("*") if p.is_file() and not MADE & set(p.parts)]
    return {path.relative_to(STENCIL).as_posix(): path.read_bytes() for path in paths}
