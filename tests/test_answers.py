"""Hostile answers: refused with the value, the rule and a suggestion, or written safely."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import TEMPLATE, named
from cookiecutter.exceptions import FailedHookException

sys.path.append(str(TEMPLATE))
RULES = importlib.import_module("local_extensions")
LONG = "x" * 300

REFUSED = [
    # slug: what Python, Google Cloud, buckets and Windows all accept
    ({"project_slug": "1bad"}, "starting with a letter"),
    ({"project_slug": "Bad-Name"}, "try: bad-name"),
    ({"project_slug": "bad_name"}, "try: bad-name"),
    ({"project_slug": "bad name"}, "joined by single hyphens"),
    ({"project_slug": "bad--name"}, "joined by single hyphens"),
    ({"project_slug": "-bad"}, "joined by single hyphens"),
    ({"project_slug": "bad-"}, "joined by single hyphens"),
    ({"project_slug": "bad.name"}, "joined by single hyphens"),
    ({"project_slug": "café"}, "joined by single hyphens"),
    ({"project_slug": "pingüino-观察"}, "joined by single hyphens"),
    ({"project_slug": ""}, "project_slug ''"),
    ({"project_slug": " "}, "project_slug ' '"),
    ({"project_slug": "ab"}, "has 2 characters"),
    ({"project_slug": "x" * 21}, "has 21 characters"),
    ({"project_slug": "my-google-app"}, "must not contain 'google'"),
    ({"project_slug": "goog-app"}, "must not contain 'google'"),
    ({"project_slug": "con"}, "reserved"),
    ({"project_slug": "com1"}, "reserved"),
    (
        {"project_slug": "flask"},
        "is reserved by Windows, Python or a library of the project; try: my-flask",
    ),
    ({"project_slug": "app"}, "reserved"),
    ({"project_slug": "json"}, "reserved"),
    ({"project_slug": "class"}, "reserved"),
    ({"project_slug": "scikit-learn"}, "reserved"),
    # what a package of the project, Python or Windows is called
    *[
        ({"project_slug": slug}, "reserved")
        for slug in ("scipy", "altair", "kfp", "click", "jinja2", "onnx", "numpy", "certifi", "pip")
        + ("sklearn", "yaml", "pil", "dateutil", "rpds", "zmq", "python-dateutil", "rpds-py")
        + ("typing-extensions", "hatchling", "poe", "mlsd", "asyncio", "telnetlib", "distutils")
        + ("aux", "nul", "lpt9", "com0")
    ],
    *[
        ({"project_slug": slug}, "must not contain 'google'")
        for slug in ("g00gle-app", "my-go0gle", "googie-app", "g00g-app")
    ],
    ({"project_slug": "../evil"}, "'../evil'"),
    ({"project_slug": "a/b/c"}, "'a/b/c'"),
    ({"project_slug": "..\\evil"}, "joined by single hyphens"),
    ({"project_slug": "/tmp/evil"}, "'/tmp/evil'"),
    ({"project_slug": "~"}, "'~'"),
    ({"project_slug": "$(touch evil)"}, "joined by single hyphens"),
    ({"project_slug": "a\nb"}, "joined by single hyphens"),
    # project id
    ({"gcp_project_id": "short"}, "must be 6 to 30"),
    ({"gcp_project_id": "x" * 31}, "must be 6 to 30"),
    ({"gcp_project_id": "My First Project"}, "try: my-first-project"),
    ({"gcp_project_id": "123456789012"}, "start with a letter"),
    ({"gcp_project_id": "ends-with-"}, "not end with a hyphen"),
    *[
        ({"gcp_project_id": name}, "must not contain google")
        for name in (
            "my-google-project",
            "goog-team-1",
            "g00gle-team",
            "team-g0ogle-1",
            "my-googel",
        )
        + ("null-team-1", "undefined-1", "my-ssl-team", "assl-proj-1", "goo9le-team")
    ],
    *[
        ({"gcp_project_id": name}, "must be 6 to 30")
        for name in ("example.com:proj", "Upper-case", "under_score", "-hyphen", "full\uff11width")
    ],
    # regions: not a zone, not a city, and not one that Google has not
    *[
        ({"region": name}, "must be a region")
        for name in ("mars-west1", "europe-west0", "europe-west5", "europe-west7", "europe-west99")
        + ("us-east2", "us-central2", "EUROPE-WEST1", "europe-west1 ", "eu", "europe", "eu-west-1")
    ],
    # others
    ({"region": "asia-east1-a"}, "try: asia-east1"),
    ({"region": "Brussels"}, "must be a region"),
    ({"region": "europe-west1-b"}, "not a zone"),
    ({"region": ""}, "must be a region"),
    ({"github_owner": "two words"}, "must be a GitHub name"),
    ({"github_owner": "-team"}, "must be a GitHub name"),
    ({"github_owner": "x" * 40}, "must be a GitHub name"),
    ({"github_owner": "https://github.com/team"}, "must be a GitHub name"),
    ({"project_name": LONG}, "has 300 characters"),
    ({"description": "two\nlines"}, "must be one line"),
    ({"description": "bell\x07"}, "must be one line"),
    ({"description": "hidden \u202e order"}, "must be one line"),
    *[
        ({"team_name": f"a{odd}b"}, "must be one line")
        for odd in "\t\r\0\x1b\x7f\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068"
        "\u2069\ud800\udcff\ufdd0\uffff"
    ],
    *[
        ({"team_name": nothing}, "must not be empty")
        for nothing in ("\u00a0", "\u200b", "\u200d\ufe0f", "\ufeff", "\u3164", "\u2003 ")
    ],
    ({"team_name": ""}, "must not be empty"),
    ({"team_members": "   "}, "must not be empty"),
]

SAFE = [
    'say "hello"',
    'it\'s "both"',
    "back\\slash \\n \\u0041 \\",
    "naïve café, ÉCOLE",
    "penguins 🐧🧪",
    "数据 проект",
    "# not a comment",
    "<b>bold</b> & </script>",
    "''' \"\"\" end of string",
    "{curly} {braces}",
    "{{ unfinished",
    "{# no comment",
    "{% nothing %} {{ | }} {{ x | no_filter }}",
    "$HOME %PATH% `id` $(id)",
    "a | b | c",
    "no\u00a0break, thin\u202fspace, ideographic\u3000space",
    "by a scientist 👩\u200d🔬, ❤\ufe0f",
    "in 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "می\u200cخواهم, \u200fעברית\u200e, soft\u00adhyphen",
    "1.0",
    "null",
    "--help",
    "O'Neil, D'Arcy \"Bob\"",
]

ACCEPTED = [
    *[{"project_slug": slug} for slug in ("a1b", "a" * 20, "my-numpy", "scipy-team", "goose")],
    *[{"project_slug": slug} for slug in ("con-air", "goggles", "nullable")],
    *[{"gcp_project_id": name} for name in ("abc123", "a" * 30, "goose-team-1", "team-123456")],
    *[{"region": name} for name in ("us-central1", "northamerica-northeast1", "me-central2")],
    *[{"region": name} for name in ("europe-west12", "asia-southeast3", "africa-south1")],
    *[{"github_owner": name} for name in ("x", "x" * 39, "A-1-b")],
]


@pytest.mark.parametrize(("answers", "message"), REFUSED, ids=[str(a)[:40] for a, _ in REFUSED])
def test_an_answer_that_cannot_work_is_refused_and_nothing_is_written(
    bake, tmp_path, monkeypatch, answers, message
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.parent.rglob("evil*"))

    with pytest.raises(FailedHookException) as caught:
        bake(**answers)

    assert message in str(caught.value)
    assert "; try: " in str(caught.value)
    assert not any(tmp_path.iterdir())
    assert set(tmp_path.parent.rglob("evil*")) == before


@pytest.mark.parametrize("answers", ACCEPTED, ids=[str(a)[:40] for a in ACCEPTED])
def test_an_answer_that_works_is_accepted(answers):
    assert not list(RULES.problems(named(answers)))


@pytest.mark.full
def test_packages_that_cannot_name_a_project_are_those_of_a_project(tmp_path):
    command = [
        sys.executable,
        str(TEMPLATE / "scripts/packages.py"),
        str(tmp_path / "packages.txt"),
    ]

    subprocess.run(command, check=True)

    written = (tmp_path / "packages.txt").read_text(encoding="utf-8")
    committed = (TEMPLATE / "packages.txt").read_text(encoding="utf-8")
    assert written.split() == committed.split(), "uv run poe packages"


def test_all_problems_are_told_at_once(bake):
    with pytest.raises(FailedHookException) as caught:
        bake(project_slug="Bad", gcp_project_id="bad", region="bad", github_owner="", team_name="")

    assert str(caught.value).count("; try: ") == 5


def test_every_suggestion_would_be_accepted():
    for answers, _ in REFUSED:
        for name, value in named(answers).items():
            if name in RULES.NAMES:
                problem, limit, example = RULES.NAMES[name]
                hint = RULES.suggest(value, limit, problem, example)
                assert problem(hint) is None, (name, value, hint)


@pytest.mark.parametrize("text", SAFE)
def test_free_text_is_safe_everywhere(bake, text):
    project = bake(description=text, team_name=text, team_members=text, licence="MIT")

    parsed = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))
    assert parsed["project"]["description"] == text
    assert text in (project.path / "README.md").read_text(encoding="utf-8")
    assert text in (project.path / "LICENSE").read_text(encoding="utf-8")
    assert not list(project.path.parent.rglob("evil*"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("L'Été à Liège", "l-ete-a-liege"),
        ("Projet n°1 — «test»", "projet-ndeg1-test"),
        ("A" * 60, "a" * 20),
    ],
)
def test_a_name_in_words_gives_a_slug(bake, name, slug):
    assert bake(project_name=name).path.name == slug


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("project_slug=No!", "project_slug 'No!' must be words"),
        ("_region=Belgium", "_region 'Belgium' must be a region"),
        ("_licence=GPL", "_licence 'GPL' must be one of MIT, Apache-2.0, none"),
        ("licence=none", "licence is not asked at generation; give it with an underscore"),
    ],
)
def test_the_command_line_tells_it_without_a_traceback(tmp_path, own_home, answer, told):
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input"]
    command += ["--config-file", own_home, "--output-dir", str(tmp_path / "out"), answer]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not Path(tmp_path / "out").exists()
