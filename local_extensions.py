"""Refuse answers that cannot work, all at once, before anything is written.

A Jinja extension and not a hook: cookiecutter makes the folder before it runs a hook, shows a
traceback when one fails, and runs none with `--accept-hooks no`.
"""

import keyword
import re
import sys
import tomllib
from pathlib import Path

from cookiecutter.exceptions import FailedHookException
from jinja2.ext import Extension

HERE = Path.cwd()
"""Where cookiecutter was called, which goes to other folders while it renders."""
HOSTS = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}

# A service account is called `<slug>-dashboard`, and its name has 30 characters at most.
SLUG_LIMIT = 20
WINDOWS = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)}
DEPENDENCIES = {
    "app", "duckdb", "filelock", "flask", "flask-swagger-ui", "google", "google-api-core",
    "google-auth", "google-cloud-bigquery", "google-cloud-firestore", "google-cloud-storage",
    "gunicorn", "locust", "matplotlib", "mypy", "numpy", "onnxruntime",
    "pandas", "poethepoet", "prometheus-client", "protobuf", "pyarrow", "pydantic", "pylint",
    "pytest", "pyyaml", "requests",
    "ruff", "scikit-learn", "skl2onnx", "streamlit", "test", "tqdm", "tests",
}  # fmt: skip
RESERVED = WINDOWS | DEPENDENCIES | set(sys.stdlib_module_names) | set(keyword.kwlist)


def suggest(text, limit, problem, example):
    """Turn a text into an answer that has no problem, or give the example."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")
    name = words[:limit].strip("-")
    return example if problem(name) else name


def slug_problem(slug):
    """Say why a slug cannot name a folder, a package, a service and a bucket."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug, re.ASCII):
        return "must be words of a-z and 0-9 joined by single hyphens, starting with a letter"
    if not 3 <= len(slug) <= SLUG_LIMIT:
        return (
            f"has {len(slug)} characters; 3 to {SLUG_LIMIT} fit the names of Google Cloud services"
        )
    if "google" in slug or slug.startswith("goog"):
        return "must not contain 'google': buckets refuse it"
    if slug in RESERVED or slug.replace("-", "_") in sys.stdlib_module_names:
        return "is reserved by Windows, Python or a library of the project"
    return None


def project_id_problem(project_id):
    """Say why an id cannot be that of a Google Cloud project."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", project_id, re.ASCII):
        return "must be 6 to 30 of a-z, 0-9 and -, start with a letter and not end with a hyphen"
    if any(word in project_id for word in ("google", "null", "undefined", "ssl")):
        return "must not contain google, null, undefined or ssl"
    return None


def text_problem(text, limit):
    """Say why a free text cannot stand on one line of a file."""
    if not text.strip():
        return "must not be empty"
    if len(text) > limit:
        return f"has {len(text)} characters; at most {limit} fit"
    if not text.isprintable():
        return "must be one line without control characters"
    return None


def owner_problem(owner):
    """Say why a name cannot be that of a GitHub user or organisation."""
    if not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", owner, re.ASCII) or len(owner) > 39:
        return "must be a GitHub name: 1 to 39 letters, digits and single hyphens inside"
    return None


def region_problem(region):
    """Say why a name cannot be that of a Google Cloud region."""
    if not re.fullmatch(r"[a-z]+-[a-z]+[1-9][0-9]?", region, re.ASCII):
        return "must be a region such as europe-west1, not a zone and not a city"
    return None


NAMES = {
    "project_slug": (slug_problem, SLUG_LIMIT, "penguin-observatory"),
    "gcp_project_id": (project_id_problem, 30, "example-project-123"),
    "github_owner": (owner_problem, 39, "example-team"),
    "_region": (region_problem, 12, "europe-west1"),
}
TEXTS = {"project_name": 60, "description": 200, "team_name": 60, "team_members": 200}


def problems(answers):
    """Give a line for each answer that cannot work: the value, the rule, a suggestion.

    An answer may be absent: cruft renders two versions of the template by the module of the older.
    """
    given, checks = set(answers), []
    for name in [name for name in NAMES if name in given]:
        problem, limit, example = NAMES[name]
        hint = suggest(answers[name], limit, problem, example)
        checks.append((name, problem(answers[name]), hint))
    for name in [name for name in TEXTS if name in given]:
        rule = text_problem(answers[name], TEXTS[name])
        checks.append((name, rule, "a short text on one line"))
    for name, choices in later().items():
        if name in given and isinstance(choices, list) and answers[name] not in choices:
            checks.append((name, f"must be one of {', '.join(choices)}", choices[0]))
    return [f"{name} {answers[name]!a} {rule}; try: {hint}" for name, rule, hint in checks if rule]


def misnamed(answers, words):
    """Tell the answers of a replay or a command line that cookiecutter would ignore in silence."""
    named = {word.partition("=")[0] for word in words if "=" in word} | set(answers)
    for name in sorted(named & {later_name.removeprefix("_") for later_name in later()}):
        yield f"{name} is not asked at generation; give it with an underscore; try: _{name}=..."


def blind(words):
    """Refuse to write over what is there where no hook could see that it is a project."""
    if {"-f", "--overwrite-if-exists"} & set(words) and "--accept-hooks" in words:
        yield "-f writes over a project where hooks are off; try: without --accept-hooks"


def refuse_bad_answers(answers):
    """Stop with a list of every problem, or give "yes" if there is none."""
    sentences = [*problems(answers), *misnamed(answers, sys.argv[1:]), *blind(sys.argv[1:])]
    if sentences:
        lines = "\n".join(f"- {line}" for line in sentences)
        raise FailedHookException(f"Nothing was written: these answers cannot work.\n{lines}")
    return "yes"


def later():
    """Give the choices of the questions that are not asked; a text says what else is answered."""
    parts = tomllib.loads(Path(__file__).with_name("parts.toml").read_text(encoding="utf-8"))
    return {f"_{name}": choices for name, choices in parts["later"].items()}


def template_folder(answers):
    """Give the folder of the template's files, absolute also where cookiecutter's is not."""
    folder = answers.get("_repo_dir") or Path(__file__).parent  # cruft gives none
    return (HERE / folder).resolve().as_posix()


def template_source(answers):
    """Give where the template comes from: an address, or an absolute path."""
    template = answers["_template"].removeprefix("git+")
    prefix, _, rest = template.partition(":")
    if prefix in HOSTS and not rest.startswith("//"):
        return HOSTS[prefix] + rest
    if "://" in template or re.match(r"\w+@[^:/]+:", template):
        return template
    return (HERE / template).resolve().as_posix()


def tools_source(answers):
    """Give the address from which `uvx` takes the course's tools: the template's repository."""
    source = template_source(answers)
    ssh = re.fullmatch(r"(\w+@[^:/]+):(.+)", source)
    if ssh:
        return f"git+ssh://{ssh[1]}/{ssh[2]}"
    return f"git+{source}" if "://" in source else source


class AnswerCheck(Extension):
    """Offer the check, and where template and tools come from, as Jinja filters."""

    def __init__(self, environment):
        """Register the filters."""
        super().__init__(environment)
        environment.filters["refuse_bad_answers"] = refuse_bad_answers
        for filter_ in (template_folder, template_source, tools_source):
            environment.filters[filter_.__name__] = filter_
