"""Generation in situations that are no answer: settings of git, places, terminals, replays."""

import json
import os
import shutil
import subprocess
import sys
import tomllib

import pytest
from conftest import TEMPLATE, Project, commit_all, copy_template

STUDENT = "[user]\n name = A Student\n email = student@example.org\n"
READY = "The first commit is on `main`; you are on `develop`."
EVIL_HOOK = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def generate(tmp_path, own_home):
    """Run the command of cookiecutter in a folder, as a user does; nothing may be a traceback."""

    def run(*arguments, template=TEMPLATE, cwd=tmp_path, **variables):
        command = [sys.executable, "-m", "cookiecutter", str(template), *arguments]
        if "--config-file" not in arguments:
            command += ["--config-file", own_home]
        done = subprocess.run(command, capture_output=True, cwd=cwd, check=False,
                              env=os.environ | variables)  # fmt: skip
        printed = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert "Traceback" not in printed, printed
        return done.returncode, printed

    return run


@pytest.fixture
def listing(tmp_path):
    """List all files and folders around the place of generation, and what the files hold."""

    def everything():
        paths = (path for path in tmp_path.rglob("*") if ".git" not in path.parts)
        return {path: path.read_bytes() if path.is_file() else None for path in paths}

    return everything


def files_of(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix() for path in paths}
    return {name for name in names if not name.startswith(".git/")}


GIT = {
    "signed": "[commit]\n gpgsign = true\n[user]\n signingkey = DEADBEEF\n",
    "hooks": "[core]\n hooksPath = {here}/hooks\n",
    "template": "[init]\n templateDir = {here}/template\n",
    "ignored": "[core]\n excludesFile = {here}/ignored\n",
    "filters": '[core]\n attributesFile = {here}/attributes\n[filter "x"]\n required = true\n',
    "line ends": "[core]\n autocrlf = true\n safecrlf = true\n",
    "branch": "[init]\n defaultBranch = trunk\n",
    "nobody": "[user]\n useConfigOnly = true\n name =\n email =\n",
    "nameless": "[user]\n useConfigOnly = true\n email = student@example.org\n name =\n",
}


@pytest.fixture
def users_git(tmp_path):
    """Write a user's own settings of git and what they name; give the variables that use them."""

    def write(settings):
        for name in ("hooks", "template/hooks"):
            hook = tmp_path / name / "prepare-commit-msg"
            hook.parent.mkdir(parents=True)
            hook.write_text(EVIL_HOOK)
            hook.chmod(0o755)
            shutil.copy(hook, hook.with_name("post-checkout"))
        (tmp_path / "template/info").mkdir()
        for name in ("template/info/exclude", "ignored"):
            (tmp_path / name).write_text("*.csv\n*.tfvars\ndata/\n.github\n")
        (tmp_path / "attributes").write_text("*.csv filter=x\n")
        text = STUDENT + settings.format(here=tmp_path.as_posix())
        (tmp_path / "gitconfig").write_text(text)
        return {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}

    return write


@pytest.mark.parametrize("settings", GIT.values(), ids=GIT)
def test_the_first_commit_holds_all_files_whatever_the_users_git_says(
    generate, users_git, tmp_path, settings
):
    code, printed = generate("--no-input", "-o", "out", **users_git(settings))

    project = Project(tmp_path / "out/penguin-observatory")
    assert code == 0
    assert READY in printed
    assert project.git("log", "--format=%s", "main").strip() == "Start from the template"
    assert project.git("symbolic-ref", "--short", "HEAD").strip() == "develop"
    assert project.files() == files_of(project.path)


def test_the_projects_own_ignored_files_stay_out_of_the_first_commit(generate, tmp_path, users_git):
    template = tmp_path / "course"
    copy_template(template)
    (template / "{{cookiecutter.project_slug}}/.env").write_text("KEY=1\n")

    generate("--no-input", "-o", "out", template=template, **users_git(GIT["ignored"]))

    assert ".env" not in Project(tmp_path / "out/penguin-observatory").files()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"GIT_AUTHOR_NAME": "", "GIT_COMMITTER_NAME": ""}, "empty ident name"),
        ({"GIT_AUTHOR_DATE": "no date"}, "invalid date"),
    ],
    ids=["name", "date"],
)
def test_a_commit_that_fails_is_told_with_gits_reason_and_the_remedy(
    generate, users_git, variables, reason
):
    code, printed = generate("--no-input", **users_git(""), **variables)

    assert code == 0
    assert "The first commit is on" not in printed
    assert "But its repository is not: `git commit` says" in printed
    assert reason in printed
    assert 'git commit -m "Start from the template"' in printed


def test_a_hook_of_git_that_generates_leaves_its_own_repository_alone(generate, tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "theirs")], check=True)

    code, printed = generate("--no-input", GIT_DIR=str(tmp_path / "theirs/.git"))

    assert READY in printed
    assert (tmp_path / "penguin-observatory/.git").is_dir()
    assert not list((tmp_path / "theirs/.git/refs/heads").iterdir())


def test_inside_a_clone_a_note_says_what_that_repository_would_keep(generate, tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "outer")], check=True)

    code, printed = generate("--no-input", cwd=tmp_path / "outer")

    assert READY in printed
    assert f"{tmp_path / 'outer'} is a git repository too" in printed
    assert "move penguin-observatory out of it" in printed


@pytest.mark.parametrize(
    ("around", "is_told"),
    [
        ('[tool.uv.workspace]\nmembers = ["*"]', True),
        ('[tool.uv.workspace]\nmembers = ["**"]\nexclude = ["other"]', True),
        ('[tool.uv.workspace]\nmembers = ["*"]\nexclude = ["penguin-*"]', False),
        ('[tool.uv.workspace]\nmembers = ["packages/*"]', False),
        ("[project]", False),
        ("[tool.uv.workspace", False),
    ],
)
def test_inside_a_workspace_of_uv_a_note_says_how_to_leave_it(generate, tmp_path, around, is_told):
    (tmp_path / "pyproject.toml").write_text(around, encoding="utf-8")

    code, printed = generate("--no-input")

    assert READY in printed
    assert (f"{tmp_path / 'pyproject.toml'} is of a uv workspace" in printed) == is_told
    assert ("Move penguin-observatory out of it, or name it there in" in printed) == is_told


def test_what_the_note_says_of_a_workspace_is_what_uv_does(generate, tmp_path):
    root = '[project]\nname = "root"\nversion = "0"\n[tool.uv.workspace]\nmembers = ["*"]\n'
    (tmp_path / "pyproject.toml").write_text(root, encoding="utf-8")
    generate("--no-input")
    ask = ["uv", "--directory", str(tmp_path / "penguin-observatory"), "workspace", "dir"]

    taken_in = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    (tmp_path / "pyproject.toml").write_text(f'{root}exclude = ["penguin-observatory"]\n')
    left_out = subprocess.run(ask, capture_output=True, text=True, check=True).stdout

    assert taken_in.strip() == str(tmp_path)
    assert left_out.strip() == str(tmp_path / "penguin-observatory")


def test_a_clone_without_files_is_filled_and_stays_a_repository(generate, tmp_path):
    place = tmp_path / "penguin-observatory"
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)

    code, printed = generate("--no-input", "-f")

    assert code == 0
    assert "A git repository is here already" in printed
    assert "?? README.md" in Project(place).git("status", "--porcelain")


# what a user can give besides answers


def replay(tmp_path, **changes):
    """Write a replay of a generation in which some answers were changed, or left out."""
    kept = next((p for p in (tmp_path.parent / "kept").glob("*.json")), None)
    text = (kept or _kept(tmp_path.parent / "kept")).read_text(encoding="utf-8")
    content = json.loads(text)
    answers = content["cookiecutter"] | changes
    content["cookiecutter"] = {n: value for n, value in answers.items() if value is not None}
    path = tmp_path / "replay.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _kept(folder):
    folder.mkdir()
    (folder / "c.yaml").write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n")
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "-o",
               str(folder / "made"), "--config-file", str(folder / "c.yaml")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.json"))


REPLAYED = [
    ({"project_slug": "../evil"}, "project_slug '../evil' must be words"),
    ({"project_slug": "../evil", "__checked": None}, "project_slug '../evil' must be words"),
    ({"project_slug": "../a/b/evil", "__checked": "x"}, "project_slug '../a/b/evil' must be words"),
    ({"project_slug": "/tmp/evil"}, "project_slug '/tmp/evil' must be words"),
    ({"project_slug": 5}, "project_slug 5 must be a text"),
    ({"description": "two\nlines"}, "must be one line"),
    ({"data_store": "Mongo"}, "data_store 'Mongo' must be one of BigQuery, Firestore"),
    ({"until_sprint": "9"}, "until_sprint '9' must be one of everything, 2, 3, 4"),
    ({"_region": "mars-west1"}, "_region 'mars-west1' must be a region"),
    ({"_python_version": 3.11}, "_python_version 3.11 must be a text"),
    ({"_copy_without_render": []}, "_copy_without_render is a setting of the template"),
    ({"_version": "9"}, "_version is a setting of the template"),
    ({"__description": 'x"\nname = "evil'}, "__description 'x\"\\nname = \"evil' must follow"),
    ({"description": "edited alone"}, "must follow from other answers; try: 'edited alone'"),
    ({"__year": "1\n2"}, "__year '1\\n2' must be a year"),
    ({"licence": "none"}, "licence is not asked at generation"),
]


@pytest.mark.parametrize(("changes", "told"), REPLAYED, ids=[str(c)[:40] for c, _ in REPLAYED])
def test_an_edited_replay_is_checked_before_anything_is_written(
    generate, listing, tmp_path, changes, told
):
    path = replay(tmp_path, **changes)
    place = tmp_path / "inner"
    place.mkdir()
    before = listing()

    code, printed = generate("--replay-file", str(path), "--accept-hooks", "no", cwd=place)

    assert code == 1
    assert told in printed
    assert listing() == before


def test_a_replay_that_nobody_edited_generates(generate, tmp_path):
    code, printed = generate("--replay-file", str(replay(tmp_path)), "-o", "out")

    assert code == 0
    assert READY in printed


def test_a_replay_that_takes_the_check_away_leaves_nothing(listing, tmp_path, own_home):
    path = replay(tmp_path, project_slug="../evil", _extensions=[])
    (tmp_path / "inner").mkdir()
    before = listing()
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--replay-file", str(path)]
    command += ["--config-file", own_home]

    done = subprocess.run(command, cwd=tmp_path / "inner", capture_output=True, text=True,
                          check=False)  # fmt: skip

    assert done.returncode == 1
    assert "_extensions is a setting of the template that checks the answers" in done.stderr
    assert listing() == before


@pytest.mark.parametrize("answer", ["__checked=yes", "__checked="])
def test_the_check_cannot_be_answered_away(generate, listing, tmp_path, answer):
    (tmp_path / "inner").mkdir()
    before = listing()

    code, printed = generate(answer, "project_slug=../evil", "--no-input", cwd=tmp_path / "inner")

    assert code == 1
    assert "project_slug '../evil' must be words" in printed
    assert listing() == before


def test_a_configuration_of_the_users_is_checked_as_well(generate, listing, tmp_path):
    config = {"default_context": {"__checked": "yes", "project_slug": "../evil"}}
    config |= {"replay_dir": str(tmp_path / "r"), "cookiecutters_dir": str(tmp_path / "c")}
    (tmp_path / "mine.yaml").write_text(json.dumps(config))

    code, printed = generate("--no-input", "--config-file", str(tmp_path / "mine.yaml"),
                             "-o", "out/inner")  # fmt: skip

    assert code == 1
    assert "project_slug '../evil' must be words" in printed
    assert not (tmp_path / "out").exists()


OVER = [
    ["-f"],
    ["-f", "-s"],
    ["-s"],
    ["--overwrite-if-exists", "--accept-hooks", "no"],
    ["-f", "--skip-if-file-exists", "--accept-hooks=no"],
    ["-f", "__checked=yes", "--keep-project-on-failure"],
]


@pytest.mark.parametrize("options", OVER, ids=" ".join)
@pytest.mark.parametrize("where", [".", "deep/er"])
def test_nothing_is_written_over_a_project(generate, listing, tmp_path, options, where):
    project = tmp_path / where / "penguin-observatory"
    project.mkdir(parents=True)
    (project / "README.md").write_text("Ours\n")
    (project / "empty").mkdir()
    before = listing()

    code, printed = generate("--no-input", "-o", where, *options)

    assert code == 1
    assert "Nothing was written" in printed
    assert "is there already, and may be a team's" in printed
    assert "uv run poe update" in printed
    assert listing() == before


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_has_the_projects_name_is_not_written_over(generate, listing, tmp_path, kind):
    place = tmp_path / "penguin-observatory"
    place.symlink_to("nowhere") if kind == "link" else place.write_text("Ours\n")
    before = listing()

    code, printed = generate("--no-input", "-f")

    assert code == 1
    assert "is there already" in printed
    assert listing() == before


# where the template is, and what it is read by


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Commit a copy of the template, and make archives of it."""
    folder = tmp_path_factory.mktemp("course")
    copy_template(folder / "template")
    commit_all(folder / "template")
    archive = ["git", "-C", str(folder / "template"), "archive", "--prefix=course/", "--format=zip"]
    subprocess.run([*archive, "-o", str(folder / "by git.zip"), "HEAD"], check=True)
    bare = folder / "bare/template"
    shutil.copytree(folder / "template", bare, ignore=shutil.ignore_patterns(".git"))
    (bare / ".template-commit").unlink()
    shutil.make_archive(str(folder / "by hand"), "zip", folder / "bare", "template")
    return folder


PLACES = ["with space", "it's", 'a"quote', "Łódź", "a#b;c&d", "back\\slash", "{curly}", "$HOME"]


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.skipif(os.name == "nt", reason="Windows allows fewer names")
def test_a_template_may_be_in_a_folder_of_any_name(generate, course, tmp_path, name):
    template = tmp_path / name
    shutil.copytree(course / "template", template)

    code, printed = generate("--no-input", "-o", "out", template=template)

    assert code == 0, printed
    project = tmp_path / "out/penguin-observatory"
    record = json.loads((project / ".cruft.json").read_text(encoding="utf-8"))
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert record["template"] == str(template)
    assert len(record["commit"]) == 40
    assert settings["tool"]["poe"]["env"]["MLSD"]["default"] == str(template)


@pytest.mark.parametrize(("name", "known"), [("by git.zip", True), ("by hand.zip", False)])
def test_an_archive_of_the_template_is_enough(generate, course, tmp_path, name, known):
    code, printed = generate("--no-input", template=course / name)

    assert code == 0, printed
    assert READY in printed
    assert "An archive holds one version" in printed
    assert ("so the record names no commit of it" in printed) != known


MARKS = [
    "<!-- >>> sprint >= 9 -->",
    "<!-- >>> sprint >= 3 -->",
    "# >>> no condition",
    "# <<<",
    "<!-- <<< -->",
    "fast # >>> sprint < 2",
    "# >>>",
    "<!-- end of workpackages -->",
    "<!-- workpackages: `uv run poe progress --write` -->",
]


@pytest.mark.parametrize("text", MARKS)
def test_an_answer_that_looks_like_a_mark_is_a_text(bake, text):
    plain = bake(description="Zzyzx", team_name="Zzyzx")
    marked = bake(description=text, team_name=text)

    for name in ("README.md", "pyproject.toml", "docs/PROJECT_CARD.md"):
        wanted = (plain.path / name).read_text(encoding="utf-8").replace("Zzyzx", text)
        if name == "pyproject.toml":
            wanted = tomllib.loads(wanted)
            assert tomllib.loads((marked.path / name).read_text(encoding="utf-8")) == wanted
        else:
            assert (marked.path / name).read_text(encoding="utf-8") == wanted


TERMINAL = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("team_name=Team Łódź 👩‍🔬", READY),
        ("project_slug=Łódź", "project_slug '\\u0141\\xf3d\\u017a' must be words"),
        ("_licence=Łódź", "_licence '\\u0141\\xf3d\\u017a' must be one of"),
    ],
)
def test_a_terminal_that_prints_few_characters_shows_no_traceback(generate, answer, told):
    code, printed = generate("--no-input", answer, "-o", "out", **TERMINAL)

    assert told in printed
    assert (code == 0) == (told == READY)


def test_such_a_terminal_is_told_which_folder_is_there_already(generate, tmp_path):
    (tmp_path / "Łódź/penguin-observatory/ours").mkdir(parents=True)

    code, printed = generate("--no-input", "-o", "Łódź", **TERMINAL)

    assert code == 1
    assert "is there already" in printed


LONG = "x" * 100_000


@pytest.mark.parametrize("name", ["description", "project_slug", "_licence", "gcp_project_id"])
def test_a_very_long_answer_is_shown_by_its_beginning(generate, name):
    code, printed = generate("--no-input", f"{name}={LONG}")

    assert code == 1
    assert f"{name} 'xxxx" in printed
    assert len(printed) < 600
