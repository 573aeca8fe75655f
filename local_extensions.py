"""Refuse answers that cannot work, all at once, before anything is written.

A Jinja extension and not a hook: cookiecutter makes the folder before it runs a hook, shows a
traceback when one fails, and runs none with `--accept-hooks no`.
"""

import json
import keyword
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

from cookiecutter.exceptions import FailedHookException
from jinja2 import TemplateSyntaxError, pass_environment
from jinja2.ext import Extension

HERE = Path.cwd()
"""Where cookiecutter was called, which goes to other folders while it renders."""
HOSTS = {"gh": "https://github.com/", "gl": "https://gitlab.com/", "bb": "https://bitbucket.org/"}

TEMPLATE = Path(__file__).parent
FOLDER = "{{cookiecutter.project_slug}}"
"""How the project's folder is called on disk, where Windows allows no `|` in a name."""
CHECKED_FOLDER = "{{ cookiecutter | checked_folder }}"
MARK = re.compile(r"(#|<!--) (>>>|<<<)")
SEAL = "\ufdd0"
"""What tells a mark of the template from a text in an answer: a character that none may hold."""

# A service account is called `<slug>-dashboard`, and its name has 30 characters at most.
SLUG_LIMIT = 20
SHOWN = 80
WINDOWS = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
OF_OTHER_PYTHONS = {
    "aifc", "annotationlib", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk",
    "compression", "crypt", "distutils", "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis",
    "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu",
    "xdrlib",
}  # fmt: skip
PACKAGES = set((TEMPLATE / "packages.txt").read_text(encoding="utf-8").split())
"""What a project installs and imports, which `uv run poe packages` writes."""
OWN = {"app", "hatchling", "mlsd", "pip", "poe", "setuptools", "test", "tests", "uv", "wheel"}
RESERVED = WINDOWS | PACKAGES | OF_OTHER_PYTHONS | OWN
RESERVED |= set(sys.stdlib_module_names) | set(keyword.kwlist)

# All of https://cloud.google.com/compute/docs/regions-zones; Google opens one or two a year.
REGIONS = {
    "africa-south1",
    "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3",
    "asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "asia-southeast3",
    "australia-southeast1", "australia-southeast2",
    "europe-central2", "europe-north1", "europe-north2", "europe-southwest1", "europe-west1",
    "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8",
    "europe-west9", "europe-west10", "europe-west12",
    "me-central1", "me-central2", "me-west1",
    "northamerica-northeast1", "northamerica-northeast2", "northamerica-south1",
    "southamerica-east1", "southamerica-west1",
    "us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2",
    "us-west3", "us-west4",
}  # fmt: skip

# Control characters, ends of lines, overrides of the direction, halves of characters, and those
# that Unicode keeps for programs. Joiners and no-break spaces are part of names and emoji.
UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
INVISIBLE = re.compile(r"[\s\u00ad\u115f\u200b-\u200f\u2060-\u2064\u2800\u3164\ufe00-\ufe0f\ufeff]")


def suggest(text, limit, problem, example):
    """Turn a text into an answer that has no problem, or give the example."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")
    name = words[:limit].strip("-")
    longer = f"my-{name}"[:limit].strip("-")
    while name and problem(name):
        name = name.rpartition("-")[0]
    return name or (example if problem(longer) else longer)


def slug_problem(slug):
    """Say why a slug cannot name a folder, a package, a service and a bucket."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug, re.ASCII):
        return "must be words of a-z and 0-9 joined by single hyphens, starting with a letter"
    if not 3 <= len(slug) <= SLUG_LIMIT:
        return (
            f"has {len(slug)} characters; 3 to {SLUG_LIMIT} fit the names of Google Cloud services"
        )
    if like_google(slug):
        return "must not contain 'google', nor what looks like it: Google refuses it"
    if slug in RESERVED or slug.replace("-", "_") in RESERVED:
        return "is reserved by Windows, Python or a library of the project"
    return None


def like_google(name):
    """Say whether buckets refuse a name: https://cloud.google.com/storage/docs/buckets#naming."""
    plain = name.translate(str.maketrans("01i369", "ollegg"))
    return bool(re.match("g[o0]{2}g", name) or re.search("goo+g(le|el)", plain))


def project_id_problem(project_id):
    """Say why an id cannot be that of a Google Cloud project, or begin the name of a bucket."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", project_id, re.ASCII):
        return "must be 6 to 30 of a-z, 0-9 and -, start with a letter and not end with a hyphen"
    if like_google(project_id) or re.search("null|undefined|ssl", project_id):
        return "must not contain google, or what looks like it, null, undefined or ssl"
    return None


def text_problem(text, limit):
    """Say why a free text cannot stand on one line of a file."""
    if not INVISIBLE.sub("", text):
        return "must not be empty"
    if len(text) > limit:
        return f"has {len(text)} characters; at most {limit} fit"
    if UNFIT.search(text):
        return "must be one line without control characters and changes of direction"
    return None


def owner_problem(owner):
    """Say why a name cannot be that of a GitHub user or organisation."""
    if not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}", owner, re.ASCII) or len(owner) > 39:
        return "must be a GitHub name: 1 to 39 letters, digits and single hyphens inside"
    return None


def region_problem(region):
    """Say why a name cannot be that of a Google Cloud region."""
    if region not in REGIONS:
        return "must be a region such as europe-west1, not a zone and not a city"
    return None


NAMES = {
    "project_slug": (slug_problem, SLUG_LIMIT, "penguin-observatory"),
    "gcp_project_id": (project_id_problem, 30, "example-project-123"),
    "github_owner": (owner_problem, 39, "example-team"),
    "_region": (region_problem, 30, "europe-west1"),
}
TEXTS = {"project_name": 60, "description": 200, "team_name": 60, "team_members": 200}


def problems(answers):
    """Give a line for each answer that cannot work: the value, the rule, a suggestion.

    An answer may be absent: cruft renders two versions of the template by the module of the older.
    """
    for name in [name for name in [*NAMES, *TEXTS, *choices()] if name in answers]:
        rule, hint = judge(name, answers[name])
        if rule:
            yield f"{name} {shown(answers[name])} {rule}; try: {hint}"


def judge(name, value):
    """Give what is wrong with an answer, if anything, and a better one."""
    if not isinstance(value, str):
        return "must be a text", "the same in quotes"
    if name in NAMES:
        problem, limit, example = NAMES[name]
        return problem(value), suggest(value, limit, problem, example)
    if name in TEXTS:
        return text_problem(value, TEXTS[name]), "a short text on one line"
    known = choices()[name]
    return None if value in known else f"must be one of {', '.join(known)}", known[0]


def shown(value):
    """Show a value in characters that every terminal prints, the beginning of a long one."""
    text = ascii(value[:SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]}...{text[0]}"


def misnamed(answers, words):
    """Tell the answers of a replay or a command line that cookiecutter would ignore in silence."""
    named = {word.partition("=")[0] for word in words if "=" in word} | set(answers)
    for name in sorted(named & {later_name.removeprefix("_") for later_name in later()}):
        yield f"{name} is not asked at generation; give it with an underscore; try: _{name}=..."


@pass_environment
def checked_folder(environment, answers):
    """Name the project's folder, or stop with a list of every problem.

    Cookiecutter asks for this name before it makes anything, wherever the answers come from.
    """
    sentences = [*problems(answers), *misnamed(answers, sys.argv[1:])]
    if not sentences and "_output_dir" in answers:  # cruft gives none
        sentences = [*touched_settings(answers), *untrue(environment, answers)]
    if sentences:
        lines = "\n".join(f"- {line}" for line in sentences)
        raise FailedHookException(f"Nothing was written: these answers cannot work.\n{lines}")
    if "_output_dir" in answers:
        refuse_to_overwrite(Path(answers["_output_dir"], answers["project_slug"]))
    return answers["project_slug"]


def touched_settings(answers):
    """Tell which settings of the template somebody gave as if they were answers."""
    asked = questions(template_folder(answers))
    for name in [name for name in asked if re.match("_[^_]", name) and name not in later()]:
        given, meant = answers.get(name), asked[name]
        if isinstance(given, list) and isinstance(meant, list):  # a command line orders anew
            given, meant = sorted(map(str, given)), sorted(meant)
        if given != meant:
            yield f"{name} is a setting of the template, not an answer; try: leave it out"


def untrue(environment, answers):
    """Tell which answers that follow from others do not."""
    if not re.fullmatch("[0-9]{4}", str(answers.get("__year")), re.ASCII):
        yield f"__year {shown(answers.get('__year'))} must be a year; try: 2026"
    for name, rule in questions(template_folder(answers)).items():
        if name.startswith("__") and name not in ("__prompts__", "__year"):
            value = environment.from_string(rule).render(cookiecutter=answers)
            if answers.get(name) != value:
                given = shown(answers.get(name))
                yield f"{name} {given} must follow from other answers; try: {shown(value)}"


def refuse_to_overwrite(place):
    """Stop where a folder holds files already; a repository without files may be there."""
    if place.is_dir():
        free = all(path.name == ".git" for path in place.iterdir())
    else:
        free = not place.exists() and not place.is_symlink()
    if free:
        return
    raise FailedHookException(
        f"Nothing was written: {printable(place)} is there already, and may be a team's.\n"
        "Generate in another place. A generated project is changed by its own commands:\n"
        "`uv run poe update` brings a newer template, `poe grow` a sprint."
    )


def printable(path):
    """Write a path in the characters that this terminal prints."""
    encoding = sys.stdout.encoding or "ascii"
    return str(path).encode(encoding, "backslashreplace").decode(encoding)


def questions(folder):
    """Give what a template asks and settles."""
    return json.loads(Path(folder, "cookiecutter.json").read_text(encoding="utf-8"))


@cache
def choices():
    """Give the choices of every question that has some."""
    known = questions(TEMPLATE) | later()
    return {
        name: known[name]
        for name in known
        if isinstance(known[name], list) and (name in later() or not name.startswith("_"))
    }


@cache
def later():
    """Give the choices of the questions that are not asked; a text says what else is answered."""
    parts = tomllib.loads((TEMPLATE / "parts.toml").read_text(encoding="utf-8"))
    return {f"_{name}": choices for name, choices in parts["later"].items()}


def template_folder(answers):
    """Give the folder of the template's files, absolute also where cookiecutter's is not."""
    folder = answers.get("_repo_dir") or TEMPLATE  # cruft gives none
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
    """Give the address from which `uvx` takes the course's tools, as TOML writes it in quotes."""
    source = template_source(answers).replace("\\", "\\\\").replace('"', '\\"')
    ssh = re.fullmatch(r"(\w+@[^:/]+):(.+)", source)
    if ssh:
        return f"git+ssh://{ssh[1]}/{ssh[2]}"
    return f"git+{source}" if "://" in source else source


class AnswerCheck(Extension):
    """Offer the check, and where template and tools come from, as Jinja filters."""

    reading = False

    def __init__(self, environment):
        """Register the filters."""
        super().__init__(environment)
        for filter_ in (checked_folder, template_folder, template_source, tools_source):
            environment.filters[filter_.__name__] = filter_

    def preprocess(self, source, name, filename=None):
        """Check before the project's folder is named; seal the marks of a file of the template."""
        if source == FOLDER:
            return CHECKED_FOLDER
        if name:
            return MARK.sub(rf"\g<0>{SEAL}", source)
        return source if self.is_jinja(source) else "{{ " + json.dumps(source) + " }}"

    def is_jinja(self, source):
        """Say whether Jinja can read an answer of a command line; what it cannot read is a text."""
        if self.reading or "{" not in source or "\n" in source:
            return True
        self.reading = True
        try:
            self.environment.compile(source, raw=True)
        except TemplateSyntaxError:
            return False
        finally:
            self.reading = False
        return True
