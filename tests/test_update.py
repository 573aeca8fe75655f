"""The whole engine, with git and with renders of the template: no edit is lost, nothing skipped."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import TEMPLATE, Project, named
from published import FOLDER, publish

from mlsd.engine import change, commands, rendering, source
from mlsd.engine.commands import DONE, REFUSED, TO_DO, Options

pytestmark = pytest.mark.full

NEW_ANSWERS = ("asynchronous_serving=no",)
UPDATE = Options(check=False, answers=NEW_ANSWERS)
QUICK = Options(check=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Publish the template once; whoever changes it takes a clone."""
    return publish(tmp_path_factory.mktemp("published") / "the template é")


@pytest.fixture(scope="session")
def generated(template, tmp_path_factory, own_home):
    """Generate each project once, as users do."""
    made = {}

    def make(version, **answers):
        key = (version, *sorted(answers.items()))
        if key not in made:
            template.git("checkout", "--quiet", getattr(template, version))
            keys = answers if "region" in answers else named(answers)  # asked by the older version
            given = [f"{name}={value}" for name, value in keys.items()]
            folder = tmp_path_factory.mktemp("made")
            made[key], _ = generated_by([str(template.path), *given], folder, own_home)
            template.git("checkout", "--quiet", "main")
        return made[key]

    return make


@pytest.fixture
def generate(generated, tmp_path_factory):
    """Give a fresh project, from today's version unless told otherwise."""

    def make(version="newest", **answers):
        source = generated(version, **answers).path
        copy = tmp_path_factory.mktemp("our project é") / source.name
        project = Project(Path(shutil.copytree(source, copy)))
        project.git("config", "user.name", "Ada Example")
        project.git("config", "user.email", "ada@example.com")
        return project

    return make


def write(project, path, text):
    place = project.path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8", newline="\n")


def replace(project, path, old, new):
    text = (project.path / path).read_text(encoding="utf-8")
    assert old in text, f"{path} does not say {old!r}"
    write(project, path, text.replace(old, new, 1))


def text_of(project, path):
    return (project.path / path).read_text(encoding="utf-8")


def commit(project, message="work"):
    project.git("add", "--all")
    project.git("commit", "--quiet", "--no-verify", "-m", message)


def run(project, command, *words, options=QUICK):
    return commands.main(project.path, command, list(words), options)


def record(project):
    return json.loads(text_of(project, ".cruft.json"))


def merged(project):
    """Merge the change's branch as a team does on GitHub: squashed into develop."""
    branch = project.git("symbolic-ref", "--short", "HEAD").strip()
    project.git("switch", "--quiet", "develop")
    project.git("merge", "--quiet", "--squash", branch)
    project.git("commit", "--quiet", "--no-verify", "-m", "merged")
    project.git("branch", "-D", branch)


def assert_same(project, other):
    """Compare two projects, but for their records."""
    assert project.files() == other.files()
    for path in project.files() - {".cruft.json"}:
        assert (project.path / path).read_bytes() == (other.path / path).read_bytes(), path
    answers = [rendering.answers_of(record(one)) for one in (project, other)]
    assert answers[0] == answers[1]
    assert record(project)["tree"] == record(other)["tree"]


EDITS = {
    "new schema": lambda p: replace(p, "src/app/schema.py", '"""', '"""Ours: '),
    "new data": lambda p: write(p, "data/sample.csv", "species,sex\nOurs,MALE\n"),
    "changed model, which the template moves": lambda p: replace(
        p, "src/app/model.py", "import ", "import ours\nimport "
    ),
    "prose": lambda p: replace(p, "docs/DATA.md", "Older: Data", "Our data"),
    "renamed file": lambda p: p.git("mv", "docs/TROUBLESHOOTING.md", "docs/HELP.md"),
    "moved folder": lambda p: p.git("mv", ".github/ISSUE_TEMPLATE", ".github/TEMPLATES"),
    "deleted page": lambda p: p.git("rm", "--quiet", "docs/RESPONSIBLE_AI.md"),
    "own page": lambda p: write(p, "docs/OURS.md", "# Ours\n"),
    "own module in a folder of which files move away": lambda p: write(
        p, "src/app/features.py", "# ours\n"
    ),
    "changed dependency": lambda p: replace(
        p, "pyproject.toml", '  "scikit-learn>', '  "lightgbm",\n  "scikit-learn>'
    ),
    "committed lock": lambda p: write(p, "uv.lock", "version = 1\n"),
    "changed workflow": lambda p: replace(
        p, ".github/workflows/ci.yml", "timeout-minutes: 10", "timeout-minutes: 15"
    ),
    "own test beside those that move": lambda p: write(p, "tests/test_ours.py", "# ours\n"),
    "edited page that the template drops": lambda p: replace(
        p, "docs/OLD.md", "page that", "ours that"
    ),
}  # fmt: skip


@pytest.fixture
def edited(generate):
    """Give a project of the older version with every kind of edit, each merged on its own."""

    def make(**answers):
        project = generate("older", **answers)
        for name, edit in EDITS.items():
            edit(project)
            commit(project, name)
        return project

    return make


def require_every_edit(project):
    """State each edit: it is there, followed or in a conflict that names it."""
    assert "Ours: " in text_of(project, "src/app/schema.py")
    assert text_of(project, "data/sample.csv") == "species,sex\nOurs,MALE\n"
    assert "import ours\n" in text_of(project, "src/app/training/model.py")
    assert "Our data" in text_of(project, "docs/DATA.md")
    assert "docs/HELP.md" in project.files()
    assert not (project.path / "docs/TROUBLESHOOTING.md").exists()
    assert not (project.path / ".github/ISSUE_TEMPLATE").exists()
    assert not (project.path / "docs/RESPONSIBLE_AI.md").exists()
    assert text_of(project, "docs/OURS.md") == "# Ours\n"
    assert text_of(project, "src/app/features.py") == "# ours\n"
    assert text_of(project, "tests/test_ours.py") == "# ours\n"
    assert '"lightgbm"' in text_of(project, "pyproject.toml")
    assert "timeout-minutes: 15" in text_of(project, ".github/workflows/ci.yml")
    assert "ours that" in text_of(project, "docs/OLD.md")


def keep_both_sides(project, path):
    """Resolve a conflict by leaving out its marks only."""
    marks = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
    lines = text_of(project, path).splitlines()
    write(project, path, "".join(f"{line}\n" for line in lines if not line.startswith(marks)))
    project.git("add", path)


def test_an_update_loses_no_edit_and_skips_no_change(edited, capsys, monkeypatch):
    monkeypatch.setattr(change, "lock", lambda repository: None)  # it asks the registry
    project = edited()
    capsys.readouterr()

    assert run(project, "update", options=UPDATE) == TO_DO
    told = capsys.readouterr().out

    require_every_edit(project)
    conflicts = {line.split()[1].rstrip(":") for line in told.splitlines() if "CONFLICT" in line}
    assert conflicts == {"docs/DATA.md", ".github/workflows/ci.yml", "docs/OLD.md"}
    assert conflicts == set(project.git("diff", "--name-only", "--diff-filter=U").split())
    assert "src/app/training/model.py: moved from src/app/model.py" in told
    assert "docs/GROWING.md: added" in told
    assert "tqdm" in text_of(project, "pyproject.toml")
    assert not (project.path / "src/app/train.py").exists()
    assert "new question golden_signals: yes" in told

    for path in conflicts:
        keep_both_sides(project, path)
    assert run(project, "update", options=QUICK._replace(go_on=True)) == DONE

    require_every_edit(project)
    assert project.git("status", "--porcelain") == ""
    assert project.git("log", "--format=%s", "develop..HEAD").startswith("Update the template to")
    merged(project)
    assert run(project, "update", options=UPDATE) == DONE
    assert "up to date with" in capsys.readouterr().out


def test_an_edited_project_grows_and_switches_without_losing_an_edit(generate, monkeypatch):
    monkeypatch.setattr(change, "lock", lambda repository: None)
    project = generate(until_sprint="2")
    for name, edit in EDITS.items():
        if "template" not in name and name not in ("prose", "changed workflow"):
            edit(project)
            commit(project, name)
    replace(project, "docs/DATA.md", "# Data", "# Our data")
    replace(project, "README.md", "Two commands", "Our two commands")
    commit(project)

    for words in (["grow"], ["add", "online_experiments"], ["answer", "data_store=Firestore"]):
        assert run(project, *words) == DONE, words
        merged(project)
    assert run(project, "grow", "everything") == DONE
    merged(project)

    other = generate(online_experiments="yes", data_store="Firestore")
    assert "# Our data" in text_of(project, "docs/DATA.md")
    assert "Our two commands" in text_of(project, "README.md")
    assert "Ours: " in text_of(project, "src/app/schema.py")
    assert "lightgbm" in text_of(project, "pyproject.toml")
    own = {"docs/OURS.md", "src/app/features.py", "tests/test_ours.py", "uv.lock", "docs/HELP.md"}
    own |= {p for p in project.files() if p.startswith(".github/TEMPLATES")}
    gone = {"docs/TROUBLESHOOTING.md", "docs/RESPONSIBLE_AI.md"}
    gone |= {p for p in other.files() if p.startswith(".github/ISSUE_TEMPLATE")}
    assert project.files() - own == other.files() - gone
    for path in project.files() - own - {".cruft.json", "docs/DATA.md", "README.md"}:
        if path not in ("src/app/schema.py", "pyproject.toml", "data/sample.csv"):
            assert (project.path / path).read_bytes() == (other.path / path).read_bytes(), path


@pytest.mark.parametrize(
    ("first", "steps", "last"),
    [
        ({"until_sprint": "2"}, [["grow"], ["grow", "4"], ["grow"]], {}),
        ({}, [["add", "golden_signals"], ["remove", "golden_signals"]], {}),
        (
            {"data_store": "Firestore", "until_sprint": "3"},
            [["answer", "data_store=Cloud Storage", "api_framework=Connexion"]],
            {"data_store": "Cloud Storage", "api_framework": "Connexion", "until_sprint": "3"},
        ),
    ],
)
def test_grown_and_switched_by_git_equals_generated(generate, first, steps, last):
    project = generate(**first)

    for words in steps:
        assert run(project, *words) == DONE
        merged(project)

    assert_same(project, generate(**last))


def test_removing_a_part_keeps_what_the_team_wrote_in_it(generate, capsys):
    project = generate(online_experiments="yes")
    replace(project, "src/app/api/trial.py", '"""', '"""Ours: ')
    write(project, "src/app/api/trial_own.py", "# ours\n")
    commit(project)
    write(project, "local/notes.txt", "ours")

    assert run(project, "remove", "online_experiments") == TO_DO

    assert "CONFLICT src/app/api/trial.py: you edited it" in capsys.readouterr().out
    assert "Ours: " in text_of(project, "src/app/api/trial.py")
    assert text_of(project, "src/app/api/trial_own.py") == "# ours\n"
    assert text_of(project, "local/notes.txt") == "ours"
    assert not (project.path / "docs/EXPERIMENTS.md").exists()
    assert run(project, "remove", options=QUICK._replace(abort=True)) == DONE
    assert project.git("status", "--porcelain") == ""


def test_growing_brings_the_lesson(generate, capsys):
    project = generate(until_sprint="2")

    assert run(project, "grow") == DONE

    message = project.git("log", "-1", "--format=%B")
    assert message.startswith("Grow: until sprint 3\n\n## What came\n")
    assert "- `docs/API.md`: API" in message
    assert "- `uv run poe api`: Serve the API" in message
    assert "1. `src/app/storage/local_appends.py`: " in message
    assert ". `src/app/history/predictions.py`: " in message
    assert "- of `src/app/api/application.py`: Why a factory, and not a global?" in message
    assert "first run `uv run poe openapi`" in message
    assert len(project.git("log", "--oneline", "develop..HEAD").splitlines()) == 1
    assert message in capsys.readouterr().out


def test_16_growing_takes_the_recorded_version(generate):
    project = generate("older", until_sprint="2")

    assert run(project, "grow", "everything") == DONE

    assert (project.path / "src/app/train.py").exists()
    assert_same(project, generate("older"))


def test_12_a_new_question_is_asked_before_anything_is_done(generate, capsys):
    project = generate("older", region="europe-west4")

    assert run(project, "update") == REFUSED
    assert "answer each by `--answer name=value`:\nasynchronous_serving: no | yes" in (
        capsys.readouterr().out
    )
    assert project.git("branch", "--list", "feature/*") == ""

    assert run(project, "update", options=UPDATE) == DONE
    answers = rendering.answers_of(record(project))
    assert answers["_region"] == "europe-west4"
    assert (answers["_golden_signals"], answers["_asynchronous_serving"]) == ("yes", "no")
    assert 'region     = "europe-west4"' in text_of(project, "terraform/project.tfvars")


def test_15_a_changed_behaviour_is_told_before_and_in_the_request(generate, template, bake):
    staff = template.path.parent / "staff"
    clone(template, staff)
    news = "- **Behaves differently**: the API is private. The way back: `public = true`."
    log = staff / "CHANGELOG.md"
    log.write_text(log.read_text(encoding="utf-8") + f"\n{news}\n", encoding="utf-8")
    (staff / FOLDER / "docs/NEW.md").write_text("# New\n", encoding="utf-8")
    project = generate()
    point_to(project, staff)
    commit_in(staff)

    assert run(project, "update") == DONE

    assert news in project.git("log", "-1", "--format=%B")
    shutil.rmtree(staff)


def clone(template, folder):
    subprocess.run(["git", "clone", "--quiet", str(template.path), str(folder)], check=True)


def commit_in(folder):
    git = ["git", "-C", str(folder), "-c", "user.name=S", "-c", "user.email=s@example.com"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "more"], check=True)


def point_to(project, folder):
    content = record(project) | {"template": str(folder)}
    write(project, ".cruft.json", json.dumps(content))
    commit(project)


def test_26_a_fresh_project_is_offered_nothing(generate, template, capsys):
    project = generate()

    assert run(project, "update", options=UPDATE) == DONE

    told = capsys.readouterr().out
    assert f"up to date with {template.newest[:12]}" in told
    assert "uncommitted changes" not in told


def test_17_changes_that_were_no_commit_are_told(generate, capsys):
    project = generate()
    write(project, ".cruft.json", json.dumps(record(project) | {"tree": "0" * 64}))
    commit(project)

    assert run(project, "add", "golden_signals") == DONE

    assert "the template had uncommitted changes" in capsys.readouterr().out


def test_18_a_version_that_is_gone_is_told_with_the_way_out(generate, template, capsys):
    project = generate(until_sprint="2")
    write(project, ".cruft.json", json.dumps(record(project) | {"commit": "0" * 40}))
    commit(project)

    assert run(project, "grow") == REFUSED
    assert "Name the version that this project was made from: --from COMMIT" in (
        capsys.readouterr().out
    )

    found = QUICK._replace(made_from=template.newest)
    assert run(project, "grow", options=found) == DONE


def test_18_a_version_that_cannot_be_rendered_changes_nothing(generate, template, capsys):
    project = generate(until_sprint="2")
    staff = template.path.parent / "broken"
    clone(template, staff)
    hook = staff / "hooks/post_gen_project.py"
    hook.write_text("import nothing_of_that_name\n", encoding="utf-8")
    commit_in(staff)
    point_to(project, staff)
    before = project.git("log", "--oneline", "--all")

    assert run(project, "update") == REFUSED

    assert "cannot be rendered any more" in capsys.readouterr().out
    assert project.git("log", "--oneline", "--all") == before
    shutil.rmtree(staff)


def test_a_record_without_a_commit_is_helped(generate, template, capsys):
    project = generate("older", until_sprint="2")
    content = record(project) | {"commit": None}
    content.pop("tree")
    write(project, ".cruft.json", json.dumps(content))
    commit(project)

    assert run(project, "grow") == DONE

    assert f"probably made from {template.older[:12]}" in capsys.readouterr().out
    assert record(project)["commit"] == template.older


def test_a_template_that_is_nowhere_is_told(generate, capsys, monkeypatch):
    project = generate()
    monkeypatch.setattr(source, "_of_these_tools", lambda: "")
    point_to(project, "path/to/template")

    assert run(project, "update") == REFUSED

    assert "the template 'path/to/template' of .cruft.json is no repository" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "does not record the template and your answers"),
        ("<<<<<<< HEAD\n", "Did a merge leave it?"),
        ("{}", "does not record the template and your answers"),
        ('{"template": 1}', "does not record the template and your answers"),
    ],
)
def test_a_record_that_is_not_whole_is_told(generate, capsys, content, told):
    project = generate()
    write(project, ".cruft.json", content)
    commit(project)

    assert run(project, "grow") == REFUSED

    assert told in capsys.readouterr().out


def test_a_render_that_was_kept_is_the_same_as_a_new_one(generate):
    project = generate(until_sprint="2")
    first = rendering.made_from(project.path)
    rendering._render.cache_clear()

    assert rendering.made_from(project.path).tree == first.tree


def test_a_broken_file_in_the_cache_is_rendered_anew(generate, monkeypatch, tmp_path):
    monkeypatch.setenv("MLSD_CACHE", str(tmp_path / "cache"))
    project = generate(until_sprint="2")
    first = rendering.made_from(project.path)
    for file in tmp_path.glob("cache/renders/*.zip"):
        file.write_bytes(b"half")
    rendering._render.cache_clear()

    assert rendering.made_from(project.path).tree == first.tree


def test_two_changes_beside_each_other_record_what_each_holds(generate):
    project = generate()

    assert run(project, "answer", "serving_mode=batch") == DONE
    assert run(project, "answer", "team_name=Other") == DONE

    answers = rendering.answers_of(record(project))
    assert (answers["team_name"], answers["_serving_mode"]) == ("Other", "both")
    assert (project.path / "src/app/dashboard/views/predict.py").exists()


def test_a_change_begins_from_develop_of_the_origin(generate, tmp_path):
    project = generate(until_sprint="2")
    clone_of = tmp_path / "clone"
    project.git("switch", "--quiet", "main")
    subprocess.run(["git", "clone", "-q", str(project.path), str(clone_of)], check=True)

    assert commands.main(clone_of, "grow", [], QUICK) == DONE

    assert Project(clone_of).git("merge-base", "HEAD", "develop").strip() == (
        project.git("rev-parse", "develop").strip()
    )


def test_a_removed_answer_and_a_removed_choice_are_told(generate, template, tmp_path, capsys):
    project = generate(licence="Apache-2.0", api_framework="Connexion")
    staff = tmp_path / "staff"
    clone(template, staff)
    parts = (staff / "parts.toml").read_text(encoding="utf-8")
    parts = parts.replace('licence = ["MIT", "Apache-2.0", "none"]\n', "")
    parts = parts.replace('["Flask", "Connexion"]', '["Flask"]')
    (staff / "parts.toml").write_text(parts, encoding="utf-8")
    commit_in(staff)
    point_to(project, staff)

    assert run(project, "update") == REFUSED

    told = capsys.readouterr().out
    assert "licence=Apache-2.0 is dropped" in told
    assert "api_framework: Flask" in told


@pytest.mark.parametrize("name", ["parts.toml", "cookiecutter.json", "renames.toml"])
def test_a_broken_file_of_a_newer_template_is_told(generate, template, tmp_path, capsys, name):
    project = generate()
    staff = tmp_path / "staff"
    clone(template, staff)
    (staff / name).write_text("=\n", encoding="utf-8")
    commit_in(staff)
    point_to(project, staff)

    assert run(project, "update") == REFUSED

    assert "broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "words"),
    [("grow", ["3", "4"]), ("add", []), ("add", ["a", "b"]), ("answer", []), ("update", ["x"])],
)
def test_words_that_would_not_be_looked_at_are_refused(generate, capsys, command, words):
    assert run(generate(until_sprint="2"), command, *words) == REFUSED

    assert "was given: " in capsys.readouterr().out


def test_parts_lists_what_is_here_what_could_be_and_its_cost(generate, capsys):
    project = generate(until_sprint="3")

    assert commands.parts(project.path) == DONE

    told = capsys.readouterr().out
    assert "until sprint 3           here" in told
    assert "poe grow everything" in told
    assert "golden_signals           from sprint 5" in told
    assert "poe add online_experiments" in told


@pytest.mark.parametrize("options", [["-f"], ["-f", "-s"], ["-f", "--accept-hooks", "no"]])
def test_generating_over_a_project_is_refused(generate, template, own_home, options):
    project = generate()
    replace(project, "README.md", "Two commands", "Ours")
    command = [sys.executable, "-m", "cookiecutter", str(template.path), "--no-input", *options]
    command += ["--config-file", own_home, "--output-dir", str(project.path.parent)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "Nothing was written" in done.stdout + done.stderr
    assert project.git("status", "--porcelain") == " M README.md\n"


def generated_by(arguments, folder, own_home, **options):
    command = [sys.executable, "-m", "cookiecutter", *arguments, "--no-input", "--config-file"]
    command += [own_home, "--output-dir", str(folder)]
    options = {"cwd": folder.parent} | options
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    return Project(next(folder.iterdir())), done.stdout


def test_the_record_is_absolute_however_the_template_is_named(template, tmp_path, own_home):
    project, told = generated_by(["./" + template.path.name], tmp_path, own_home,
                                 cwd=template.path.parent)  # fmt: skip

    assert record(project)["template"] == template.path.as_posix()
    assert record(project)["commit"] == template.newest
    assert "is on this machine only" in told
    assert run(project, "add", "golden_signals") == DONE


def test_an_archive_names_its_commit_and_says_that_it_holds_one_version(
    template, tmp_path, own_home, capsys, monkeypatch
):
    archive = tmp_path / "template.zip"
    template.git("archive", "--prefix", "template/", "--output", str(archive), "HEAD")
    assert zipfile.is_zipfile(archive)

    project, told = generated_by(["template.zip", "until_sprint=2"], tmp_path / "made", own_home,
                                 cwd=tmp_path)  # fmt: skip

    assert record(project)["template"] == archive.as_posix()
    assert record(project)["commit"] == template.newest
    assert "An archive holds one version" in told
    monkeypatch.setattr(source, "_of_these_tools", lambda: "")
    assert run(project, "grow") == REFUSED
    assert "is no repository that can be reached from here: write its address" in (
        capsys.readouterr().out
    )
    monkeypatch.setattr(source, "_of_these_tools", lambda: str(template.path))
    assert run(project, "grow") == DONE


def test_a_dirty_clone_is_told(template, tmp_path, own_home):
    staff = tmp_path / "staff"
    clone(template, staff)
    (staff / "README.md").write_text("draft", encoding="utf-8")

    project, told = generated_by([str(staff)], tmp_path / "made", own_home)

    assert f"changes that are no commit; {template.newest[:12]} is recorded" in told
    assert record(project)["commit"] == template.newest


def cruft(folder, *arguments):
    """Run cruft itself, by its own pinned version."""
    command = ["uvx", "cruft@2.16.0", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_cruft_itself_can_check_compare_and_update(generate, template):
    project = generate("older")
    assert cruft(project.path, "diff").stdout == ""
    write(project, "docs/OURS.md", "# Ours\n")
    replace(project, "README.md", "Two commands", "Ours")
    commit(project)

    assert cruft(project.path, "check").returncode == 1
    assert cruft(project.path, "diff").stdout.count("diff --git") == 1
    updated = cruft(project.path, "update", "--skip-apply-ask")

    assert updated.returncode == 0, updated.stdout + updated.stderr
    assert "Traceback" not in updated.stdout + updated.stderr
    assert record(project)["commit"] == template.newest
    assert (project.path / "docs/GROWING.md").exists()
    assert text_of(project, "docs/OURS.md") == "# Ours\n"
    commit(project)
    assert cruft(project.path, "check").returncode == 0
    assert run(project, "add", "online_experiments") == DONE


def test_27_a_grown_project_is_recorded_locked_checked_and_tested(generate, free_ports, capfd):
    project = generate(until_sprint="2")
    assert project.run("uv", "lock").returncode == 0
    replace(project, "pyproject.toml", '  "google-auth', '  "tabulate",\n  "google-auth')
    commit(project)
    replace(project, "README.md", "Two commands", "Ours")
    commit(project)

    code = run(project, "grow", options=Options())

    assert code == DONE, capfd.readouterr().out
    assert "flask" in text_of(project, "uv.lock")
    assert project.git("status", "--porcelain") == ""
    assert "`poe check` and `poe test` are green" in capfd.readouterr().out
    assert project.demo(free_ports)["predictions"]


def history():
    """List versions of the template's own history, the oldest and the one before the rooms."""
    git = ["git", "-C", str(TEMPLATE), "log", "--reverse", "--format=%H", "--", "cookiecutter.json"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False).stdout.split()
    return [listed[0], listed[len(listed) // 2]] if len(listed) > 10 else []


if history():

    @pytest.mark.parametrize("version", history())
    def test_a_project_of_a_much_older_version_is_updated(tmp_path, own_home, version, capsys):
        archive = tmp_path / "old"
        subprocess.run(["git", "clone", "-q", str(TEMPLATE), str(archive)], check=True)
        subprocess.run(["git", "-C", str(archive), "checkout", "-q", version], check=True)
        project, _ = generated_by([str(archive)], tmp_path / "ours", own_home)
        project.git("switch", "--quiet", "develop")
        point_to(project, TEMPLATE)
        write(project, "docs/OURS.md", "# Ours\n")
        commit(project)

        options = QUICK._replace(answers=_answers_for(version), to="HEAD")
        code = run(project, "update", options=options)

        assert code in (DONE, TO_DO), capsys.readouterr().out
        assert text_of(project, "docs/OURS.md") == "# Ours\n"
        assert "NOT APPLIED" not in capsys.readouterr().out


def _answers_for(version):
    """Answer what that version did not ask."""
    text = subprocess.run(
        ["git", "-C", str(TEMPLATE), "show", f"{version}:cookiecutter.json"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    given = {"api_framework": "Flask", "serving_mode": "both", "online_experiments": "no",
             "asynchronous_serving": "no", "data_store": "BigQuery", "sample": "penguins",
             "licence": "MIT", "python_version": "3.11", "region": "europe-west1"}  # fmt: skip
    return tuple(f"{name}={value}" for name, value in given.items() if f'"{name}"' not in text)
