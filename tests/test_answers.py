"""Hostile answers: refused with the value, the rule and a suggestion, or written safely."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import TEMPLATE
from cookiecutter.exceptions import FailedHookException

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
    ({"project_slug": "flask"}, "reserved"),
    ({"project_slug": "app"}, "reserved"),
    ({"project_slug": "json"}, "reserved"),
    ({"project_slug": "class"}, "reserved"),
    ({"project_slug": "scikit-learn"}, "reserved"),
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
    ({"gcp_project_id": "my-google-project"}, "must not contain google"),
    # others
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
    "$HOME %PATH% `id` $(id)",
    "a | b | c",
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


def test_all_problems_are_told_at_once(bake):
    with pytest.raises(FailedHookException) as caught:
        bake(project_slug="Bad", gcp_project_id="bad", region="bad", github_owner="", team_name="")

    assert str(caught.value).count("; try: ") == 5


def test_every_suggestion_would_be_accepted(bake):
    sys.path.insert(0, str(TEMPLATE))
    import local_extensions as rules

    for answers, _ in REFUSED:
        for name, value in answers.items():
            if name in rules.NAMES:
                problem, limit, example = rules.NAMES[name]
                hint = rules.suggest(value, limit, problem, example)
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
