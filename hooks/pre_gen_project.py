"""Refuse answers that cannot work, all at once, before anything is written."""

import json
import re
import sys

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# The name of a service account is the longest name made of the slug: `<slug>-dashboard`, 30 at most.
SLUG_LIMIT = 20
WINDOWS = {"con", "prn", "aux", "nul"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)
}
DEPENDENCIES = {
    "app", "duckdb", "filelock", "flask", "gunicorn", "matplotlib", "mypy", "numpy", "onnxruntime",
    "pandas", "poethepoet", "protobuf", "pyarrow", "pydantic", "pylint", "pytest", "requests", "ruff",
    "scikit-learn", "skl2onnx", "streamlit", "test", "tqdm", "tests",
}  # fmt: skip
RESERVED = WINDOWS | DEPENDENCIES | set(sys.stdlib_module_names)
FREE_TEXTS = {
    "project_name": 60,
    "description": 200,
    "team_name": 60,
    "team_members": 200,
}


def suggest(text, limit):
    """Turn a text into a name of a-z, 0-9 and -, or give an example."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")
    name = words[:limit].strip("-")
    return name if len(name) >= 6 and name not in RESERVED else "penguin-observatory"


def slug_problem(slug):
    """Say why a slug cannot name a folder, a package, a service and a bucket."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug, re.ASCII):
        return "must be words of a-z and 0-9 joined by single hyphens, starting with a letter"
    if not 3 <= len(slug) <= SLUG_LIMIT:
        return f"has {len(slug)} characters; 3 to {SLUG_LIMIT} fit the names of Google Cloud services"
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


def problems(answers):
    """Give a line for each answer that cannot work: the value, the rule, a suggestion."""
    slug, project_id = answers["project_slug"], answers["gcp_project_id"]
    owner, region = answers["github_owner"], answers["region"]
    found = [("project_slug", slug_problem(slug), suggest(slug, SLUG_LIMIT))]
    found.append(
        ("gcp_project_id", project_id_problem(project_id), suggest(project_id, 30))
    )
    if not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", owner, re.ASCII):
        rule = (
            "must be a GitHub name: 1 to 39 letters, digits and single hyphens inside"
        )
        found.append(("github_owner", rule, suggest(owner, 39)))
    if not re.fullmatch(r"[a-z]+-[a-z]+[1-9][0-9]?", region, re.ASCII):
        found.append(
            ("region", "must be a region, not a zone or a city", "europe-west1")
        )
    for name, limit in FREE_TEXTS.items():
        found.append(
            (name, text_problem(answers[name], limit), "a short text on one line")
        )
    return [
        f"{name} {answers[name]!a} {rule}; try: {hint}"
        for name, rule, hint in found
        if rule
    ]


if __name__ == "__main__":
    refused = problems(ANSWERS)
    if refused:
        lines = "\n".join(f"- {line}" for line in refused)
        sys.exit(
            f"\nNothing was written, because these answers cannot work:\n{lines}\n"
        )
