"""How far a team is: an empty project, a half-done, a finished and a gamed one."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib

import pytest
import yaml
from conftest import STENCIL, TEMPLATE

from mlsd import course, evidence, github, milestone, progress
from mlsd.project import CourseError, Project

FRESH = subprocess.CompletedProcess([], 0, stdout="the numbers of the champion", stderr="")
WORDS = """We watch {n} nests from a hide {n} metres away, because {n} visitors a day disturb
the birds less than one biologist with scales does; a wrong answer costs a second catch, which we
avoid by asking twice whenever probability stays below ninety percent, as station {n} agreed."""
PNG = b"\x89PNG" + os.urandom(6000)
OWN_TESTS = """from app import contract


def test_{n}_features_are_known():
    assert len(contract.features()) > {n}
"""


@pytest.fixture
def team(bake, monkeypatch, tmp_path):
    """Start as a team does, with a fresh project on the branch develop, and a place to push to."""
    project = bake()
    monkeypatch.setattr(evidence, "_run", lambda project, code: FRESH)
    project.git("config", "user.name", "Ada Example")
    project.git("config", "user.email", "ada@example.com")
    project.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    project.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    return project


def write(project, path, text, more=False):
    file = project.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if more else ""
    file.write_text(before + text, encoding="utf-8")


def words_of(project):
    """Read the states by number, as the command would tell them."""
    known = course.read(project.path)
    looked = Project(project.path)
    return {one.number: progress.judge(looked, one).word for one in known.workpackages}


def test_a_fresh_project_is_ready_and_not_started(team, capsys):
    states = words_of(team)

    assert len(states) == 19
    assert states.pop("1.5") == "begun"  # the branches are there
    assert set(states.values()) == {"not started"}
    assert progress.main(team.path, None, None, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "Milestone 1, 2026-03-02: Use case, data and experiments (0 of 11 done)" in told
    assert "expected 60 own words, found 0 own words, in docs/PROJECT_CARD.md" in told


def test_the_readme_of_a_fresh_project_holds_the_table(team):
    known = course.read(team.path)
    states = [progress.judge(Project(team.path), one) for one in known.workpackages]

    assert progress.to_markdown(states) in (team.path / "README.md").read_text(encoding="utf-8")


def section(text, heading, body):
    """Write below a heading."""
    return re.sub(rf"^(#+ {heading})$", rf"\1\n\n{body}\n", text, flags=re.MULTILINE)


def fill(project, wanted, n):
    """Do what one piece of evidence asks for, as a diligent team would."""
    ((kind, about),) = wanted.items()
    FILLS[kind](project, about, n)


def fill_words(project, about, n):
    body = "\n\n".join(WORDS.format(n=f"{chr(97 + i)}{chr(97 + n % 26)}x") for i in range(6))
    path, heading = project.path / about["in"], about.get("under")
    text = path.read_text(encoding="utf-8")
    path.write_text(section(text, heading, body) if heading else text + body, encoding="utf-8")


def fill_says(project, about, n):
    write(project, about["in"], f"\n{about['example']}\n", more=True)


def fill_image(project, about, n):
    folder = (project.path / about["in"]).parent
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures/seen.png").write_bytes(PNG)
    write(project, about["in"], "\n![what we saw](figures/seen.png)\n", more=True)


def fill_tests(project, about, n):
    for i in range(about["least"]):
        write(project, f"tests/test_own_{i}.py", OWN_TESTS.format(n=i))


def fill_merges(project, about, n):
    for i in range(about["least"]):
        project.git("switch", "--quiet", "-c", f"feature/{i}")
        write(project, f"docs/note{i}.txt", str(i))
        commit(project)
        project.git("switch", "--quiet", "develop")
        project.git("merge", "--quiet", "--no-ff", f"feature/{i}")


def fill_answer(project, about, n):
    path = project.path / ".cruft.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["context"]["cookiecutter"][about["question"]] = "our-own-answer"
    path.write_text(json.dumps(record), encoding="utf-8")


def fill_changed(project, about, n):
    if about.endswith(".csv"):
        return write(project, about, "age,label\n" + "".join(f"{i},x\n" for i in range(50)))
    own = {".py": "OURS = 1", ".yaml": "x-ours: 1"}.get(f".{about.rpartition('.')[2]}", "ours")
    return write(project, about, f"\n{own}\n", more=True)


def fill_facts(project, about, n):
    text = (project.path / about).read_text(encoding="utf-8")
    write(project, about, text.replace(evidence.UNWRITTEN, "| facts |"))


FILLS = {
    "facts": fill_facts,
    "words": fill_words,
    "changed": fill_changed,
    "fresh": lambda project, about, n: write(project, about, FRESH.stdout),
    "says": fill_says,
    "image": fill_image,
    "tests": fill_tests,
    "branches": lambda project, about, n: None,
    "merges": fill_merges,
    "answer": fill_answer,
}


def commit(project):
    project.git("add", "--all")
    project.git("commit", "--quiet", "--no-verify", "-m", "Work")
    project.git("push", "--quiet", "origin", "main", "develop")


def work(project, milestone_number):
    """Do every workpackage of a milestone."""
    for n, one in enumerate(course.read(project.path).workpackages):
        if one.milestone == milestone_number:
            for wanted in one.done:
                fill(project, wanted, n)
    commit(project)


def test_a_team_that_works_through_ends_all_green(team, capsys):
    for number in (1, 2, 3):
        work(team, number)
        (team.path / "slides").mkdir(exist_ok=True)
        (team.path / f"slides/milestone_{number}.pdf").write_bytes(b"%PDF-1.7 slides")
        text = (team.path / course.FILE).read_text(encoding="utf-8")
        text = text.replace("reviewers: []", "reviewers: [staff-example]")
        text = text.replace("emails: []", "emails: [staff@example.com]")
        (team.path / course.FILE).write_text(text, encoding="utf-8")
        commit(team)
        assert progress.main(team.path, number, None, "text") == 0, capsys.readouterr().out
        assert milestone.main(team.path, number, False) == 0
        told = capsys.readouterr().out
        assert "missing:" not in told
        assert "--base main --head develop" in told
        assert "--reviewer staff-example" in told

    assert set(words_of(team).values()) == {"done"}
    page = (team.path / "local/milestone-3.md").read_text(encoding="utf-8")
    assert "- **1.6 Continuous integration**: 3 own tests in tests/. See it by `uv run" in page
    assert "- Merge branch 'feature/0'" in page
    assert "## What is not done\n\n- nothing" in page


def test_half_of_the_work_is_begun_and_says_what_is_next(team, capsys):
    write(team, "docs/PROJECT_CARD.md", "", more=True)
    fill(team, {"words": {"in": "docs/PROJECT_CARD.md", "under": "Project data", "least": 30}}, 1)
    commit(team)

    assert words_of(team)["1.2"] == "begun"
    assert progress.main(team.path, None, 1, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "found 0 own words, in docs/PROJECT_CARD.md under 'Project description'" in told
    assert "own words, in docs/PROJECT_CARD.md under 'Project data'" in told.partition("there:")[2]
    assert "2.1" not in told


@pytest.mark.parametrize(
    "text",
    [
        "word " * 300,
        "Lorem ipsum dolor sit amet " + "consectetur adipiscing elit sed eiusmod " * 30,
        "```\n" + WORDS * 3 + "\n```\n",
        "`" + WORDS.replace("\n", " ") * 3 + "`",
        "\n".join(f"![{WORDS[:80]}](x{n}.png)" for n in range(50)),
        "> Which decision becomes better or faster, for whom? What do they do today?",
        f"<!-- {WORDS * 3} -->",
        f"<!-- {WORDS * 3}",
        f"<!-- facts: x -->\n{WORDS * 3}\n<!-- end of facts -->",
        "\n".join(f"[{n}]: https://example.com '{WORDS[:80]}'" for n in range(50)),
    ],
    ids=[
        *("one word", "filler", "code", "code in a line", "links", "the prompt"),
        *("a comment", "a comment without end", "facts of poe cards", "definitions of links"),
    ],
)
def test_words_that_are_none_do_not_count(team, text):
    write(team, "docs/API.md", f"\n{text}\n", more=True)

    assert Project(team.path).own_words("docs/API.md") < 60


def test_pages_of_the_template_copied_into_another_do_not_count(team):
    for page in sorted((team.path / "docs").glob("*.md")):
        write(team, "docs/PROJECT_CARD.md", page.read_text(encoding="utf-8"), more=True)

    assert Project(team.path).own_words("docs/PROJECT_CARD.md") == 0


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("assert True", False),
        ("pass", False),
        ("x = 1\n    assert x == 1", False),
        ("print(len([]))", False),
        ("assert len([1]) == 1", True),
        ("with pytest.raises(ValueError):\n        int('x')", True),
        ("assert len('x') or True", False),
        ("return\n    assert len('x') == 1", False),
        ("np.testing.assert_allclose(len('x'), 1)", True),
    ],
)
@pytest.mark.parametrize("mark", ["", "async ", "\ufeff", "@pytest.mark.skip\n"])
def test_only_tests_that_can_fail_count(team, body, counts, mark):
    write(team, "tests/test_own.py", f"{mark}def test_own():\n    {body}\n")

    assert bool(Project(team.path).own_tests()) == (counts and "skip" not in mark)


def test_the_template_s_tests_copied_under_other_names_do_not_count(team):
    text = (team.path / "tests/test_gate.py").read_text(encoding="utf-8")
    write(team, "tests/test_ours.py", text.replace("def test_", "def test_our_"))
    shutil.copy(team.path / "tests/test_gate.py", team.path / "tests/test_other.py")

    assert Project(team.path).own_tests() == []


def test_what_a_newer_template_brings_is_not_a_team_s_own(team):
    """As `cruft update` does: files change, and the commit in .cruft.json with them."""
    write(team, "docs/API.md", f"\n{WORDS}\n", more=True)
    write(team, "tests/test_new.py", OWN_TESTS.format(n=1))
    record = json.loads((team.path / ".cruft.json").read_text(encoding="utf-8"))
    write(team, ".cruft.json", json.dumps(record | {"commit": "0" * 40}, indent=2))
    commit(team)

    assert Project(team.path).own_words("docs/API.md") == 0
    assert Project(team.path).own_tests() == []
    write(team, "docs/API.md", "\nWe measured the latency ourselves.\n", more=True)
    assert Project(team.path).own_words("docs/API.md") == 5


def test_words_below_a_subheading_count_and_a_heading_that_is_gone_is_told(team):
    page, heading = "docs/DATA.md", "Our choice of the store"
    text = (team.path / page).read_text(encoding="utf-8")
    write(team, page, section(text, heading, f"### Alternatives\n\n{WORDS}"))
    assert Project(team.path).own_words(page, heading) > 40
    write(team, page, text.replace(heading, "Our choice"))

    found = evidence.look(
        Project(team.path), {"words": {"in": page, "under": heading, "least": 60}}
    )

    assert found.found == "no such heading"


@pytest.mark.parametrize(
    ("path", "text", "own"),
    [
        ("src/app/schema.py", "\n# a comment\n", False),
        ("src/app/schema.py", "\nOURS = 1\n", True),
        ("src/app/api/openapi.yaml", "\n# a comment\n", False),
        ("data/sample.csv", "Adelie,Dream,True,30,15,200,3000,8,-25,MALE\n", False),
        ("data/sample.csv", "Adelie,Dream,True,30,15,200,3000,8,-25,MALE\n" * 999, False),
    ],
)
def test_a_comment_or_a_row_does_not_make_a_file_your_own(team, path, text, own):
    write(team, path, text, more=True)

    assert evidence.look(Project(team.path), {"changed": path}).right == own


@pytest.mark.parametrize("content", [b"x" * 6000, PNG[:100]], ids=["no picture", "a tiny one"])
def test_a_picture_that_is_none_does_not_count(team, content):
    fill_image(team, {"in": "docs/API.md"}, 0)
    looked = {"image": {"in": "docs/API.md"}}
    assert evidence.look(Project(team.path), looked).right
    (team.path / "docs/figures/seen.png").write_bytes(content)

    assert not evidence.look(Project(team.path), looked).right


def test_a_history_without_the_template_s_commit_is_told(team, tmp_path, capsys):
    team.git("push", "--quiet", "origin", "main", "develop")
    for clone in (["--depth", "1", (tmp_path / "hub.git").as_uri()], [str(tmp_path / "hub.git")]):
        shutil.rmtree(tmp_path / "clone", ignore_errors=True)
        team.git("clone", "--quiet", "--branch", "develop", *clone, str(tmp_path / "clone"))
        code = progress.main(tmp_path / "clone", 1, None, "text")
        told = capsys.readouterr().out
        assert (code, "git fetch --unshallow" in told) == (
            (2, True) if "--depth" in clone else (1, False)
        )
    shutil.rmtree(tmp_path / "clone/.git", onerror=_writable)

    assert progress.main(tmp_path / "clone", 1, None, "text") == 2
    assert "git does not hold the template's commit" in capsys.readouterr().out


def _writable(remove, path, _problem):
    os.chmod(path, stat.S_IWRITE)
    remove(path)


def test_a_second_beginning_of_the_history_changes_nothing(team, tmp_path):
    """As when GitHub made a README, and was merged with --allow-unrelated-histories."""
    other = tmp_path / "other"
    team.git("clone", "--quiet", str(tmp_path / "hub.git"), str(other))
    (other / "LICENSE.txt").write_text("x", encoding="utf-8")
    hub = ("-C", str(other), "-c", "user.name=A", "-c", "user.email=a@example.com")
    team.git(*hub, "add", "--all")
    team.git(*hub, "commit", "--quiet", "-m", "Initial commit")
    team.git(
        "pull", "--quiet", "--no-edit", "--allow-unrelated-histories", "--no-rebase", str(other)
    )

    assert Project(team.path).own_words("docs/API.md") == 0
    assert words_of(team)["1.1"] == "not started"


def test_a_gamed_project_stays_red(team, capsys):
    """Fill every file with something, and see that nothing is done."""
    for one in course.read(team.path).workpackages:
        for wanted in one.done:
            about = next(iter(wanted.values()))
            path = (
                about
                if isinstance(about, str)
                else about.get("in")
                if isinstance(about, dict)
                else None
            )
            if path:
                there = (team.path / path).exists()
                write(team, path, "\n\nword word word\n![x](absent.png)\n" * 40, more=there)
    write(team, "tests/test_own.py", "def test_a():\n    assert True\n")
    commit(team)

    states = words_of(team)

    assert "done" not in {states[number] for number in states if number not in ("1.5",)} - {"begun"}
    assert progress.main(team.path, None, None, "text") == 1


def test_a_page_with_other_numbers_than_the_run_is_red(team):
    write(team, "docs/EDA.md", "numbers of last month")

    found = evidence.look(Project(team.path), {"fresh": "docs/EDA.md"})

    assert (found.right, found.found) == (False, "other numbers")


def test_facts_of_another_time_are_red(team, monkeypatch):
    looked = {"facts": "docs/MODEL_CARD.md"}
    assert evidence.look(Project(team.path), looked).found == "not written yet"
    fill_facts(team, "docs/MODEL_CARD.md", 0)
    assert evidence.look(Project(team.path), looked).right
    stale = subprocess.CompletedProcess([], 1, stdout="", stderr="facts of another time")
    monkeypatch.setattr(evidence, "_run", lambda project, code: stale)

    assert not evidence.look(Project(team.path), looked).right


def test_a_figure_that_is_gone_or_of_another_time_is_red(team, monkeypatch):
    text = f"{FRESH.stdout} ![x](figures/eda.png)"
    write(team, "docs/EDA.md", text)
    now = subprocess.CompletedProcess([], 0, stdout=text, stderr="")
    monkeypatch.setattr(evidence, "_run", lambda project, code: now)
    figure = team.path / "docs/figures/eda.png"
    figure.parent.mkdir(exist_ok=True)

    def look():
        return evidence.look(Project(team.path), {"fresh": "docs/EDA.md"})

    for content in (b"", PNG, b"x" * 6000 + hashlib.sha256(text.encode()).hexdigest().encode()):
        figure.write_bytes(content)
        assert look().found == "docs/figures/eda.png is absent or of another time"
    figure.write_bytes(PNG + hashlib.sha256(text.encode()).hexdigest().encode())
    assert look().right


def test_what_cannot_be_compared_here_is_neither_right_nor_wrong(team, monkeypatch):
    write(team, "docs/RUNS.md", "numbers")
    fill_facts(team, "docs/MODEL_CARD.md", 0)
    for looked, done in (
        ({"fresh": "docs/RUNS.md"}, ([], 1, "", "app.errors.NotFound: there is no model")),
        ({"facts": "docs/MODEL_CARD.md"}, ([], 3, "", "")),
    ):
        answer = subprocess.CompletedProcess(*done)
        monkeypatch.setattr(evidence, "_run", lambda project, code, answer=answer: answer)
        found = evidence.look(Project(team.path), looked)
        assert found.found == "cannot be compared: the models are not on this machine"
        assert "set APP_ENV" in found.next_step


def test_what_is_left_out_with_a_reason_counts_as_decided(team, capsys):
    text = (team.path / course.FILE).read_text(encoding="utf-8")
    reason = '    not_chosen: "we have no users whom it would serve"\n'
    write(
        team,
        course.FILE,
        text.replace("    title: A dashboard\n", "    title: A dashboard\n" + reason),
    )

    assert words_of(team)["5.1"] == "not chosen"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    title: A dashboard\n", '    title: A dashboard\n    not_chosen: "no"\n', "say why"),
        ("    title: A dashboard\n", "", "5.1, title: is missing"),
        ("    title: A dashboard\n", "    title: A\n    titel: x\n", "5.1, titel: is not known"),
        ("year: 2026", "year: [", "is not YAML"),
        ("milestones:", "milestone:", "needs `milestones:`"),
        ("- tests: {least: 3}", "- test: {least: 3}", "is none of words"),
        ("- tests: {least: 3}", "- tests: {most: 3}", "least Field required"),
        ("- tests: {least: 3}", "- tests: {least: many}", "least must be a valid integer"),
        ("Approved on 20", "Approved on (20", "must be a valid regular expression"),
        ("- fresh: docs/EDA.md", "- fresh: docs/X.md", "must be 'docs/EDA.md' or"),
        ("sprint: 1", "sprint: one", "1.1, sprint: 'one' must be a valid integer"),
        ("when: 2026-03-02", "when: 2026-13-42", "is not YAML: month must be in 1..12"),
        ("when: 2026-03-02", "when: soon", "milestones, 1, when: 'soon' must be a valid date"),
        ("emails: []", "emails: staff@example.com", "emails: 'staff@example.com' must be"),
        ("emails: []", "emails: [staff]", "emails, 0: 'staff'"),
        ("optional: true", "optional: maybe", "6.2, optional: 'maybe' must be a valid boolean"),
        ('"1.2":', '"1.1":', "'1.1' is there twice"),
        ('"1.2":', "1.10:", "number: 1.1 must be a valid string"),
        ("milestone: 1", "milestone: 9", "is due at milestone 9; there are: 1, 2, 3"),
        ("ready: [README.md, pyproject.toml]", "ready: README.md", "1.3, ready: 'README.md' must"),
        ("year: 2026", "year: 2026\nreviewer: x", "reviewer: is not known here"),
    ],
)
def test_a_file_of_the_course_that_cannot_be_is_told(team, capsys, old, new, told):
    text = (team.path / course.FILE).read_text(encoding="utf-8")
    assert old in text
    write(team, course.FILE, text.replace(old, new, 1))

    assert progress.main(team.path, None, None, "text") == 2
    assert told in capsys.readouterr().out


def test_a_folder_that_is_no_project_is_told(tmp_path, capsys):
    assert progress.main(tmp_path, None, None, "text") == 2
    assert milestone.main(tmp_path, 1, False) == 2
    assert "go to your project's folder" in capsys.readouterr().out


def test_what_git_or_a_merge_left_is_told(team, tmp_path, monkeypatch, capsys):
    write(team, ".cruft.json", "<<<<<<< HEAD\n")
    assert progress.main(team.path, None, None, "text") == 2
    assert ".cruft.json is not JSON" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(tmp_path))
    assert progress.main(team.path, None, None, "text") == 2
    assert "git is not installed" in capsys.readouterr().out


def test_who_reads_may_stop_in_the_middle(team):
    command = [sys.executable, "-m", "mlsd", "progress"]
    with subprocess.Popen(command, cwd=team.path, stdout=-1, stderr=-1) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_merge_of_nothing_does_not_count(team):
    for _ in range(3):
        team.git("switch", "--quiet", "--force-create", "feature/x")
        team.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "Nothing")
        team.git("switch", "--quiet", "develop")
        team.git("merge", "--quiet", "--no-ff", "feature/x")
    looked = {"merges": {"into": "develop", "least": 3}}
    assert evidence.look(Project(team.path), looked).found == "0 merges"
    fill_merges(team, {"least": 3}, 0)
    team.git("push", "--quiet", "origin", "develop")

    assert evidence.look(Project(team.path), looked).right


def test_the_table_is_written_between_its_marks_and_only_there(team):
    before = (team.path / "README.md").read_text(encoding="utf-8")
    work(team, 1)

    progress.main(team.path, None, None, "write")

    after = (team.path / "README.md").read_text(encoding="utf-8")
    assert "| 1.1 | Form a team |" in after
    assert "addresses in the project card | done |" in after
    assert "your conclusions; `uv run poe data`; `uv run poe eda` |" in after
    outside = [
        re.sub(r"<!-- work.*?<!-- end", "", text, flags=re.DOTALL) for text in (before, after)
    ]
    assert outside[0] == outside[1]


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Play GitHub's command, which needs an account: it keeps issues and milestones in a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    code = f"""#!{sys.executable}
import json, pathlib, sys
store = pathlib.Path({str(tmp_path / "github.json")!r})
empty = {{"issues": [], "milestones": [], "log": []}}
kept = json.loads(store.read_text()) if store.exists() else empty
words = sys.argv[1:]
kept["log"].append(words)
if words[:2] == ["issue", "list"]:
    print(json.dumps([{{"title": title}} for title in kept["issues"]]))
elif words[:2] == ["issue", "create"]:
    kept["issues"].append(words[words.index("--title") + 1])
elif words[0] == "api" and "state=all" in words[1]:
    print(json.dumps([{{"title": title}} for title in kept["milestones"]]))
elif words[:2] == ["pr", "create"]:
    print("https://github.com/example-team/x/pull/7")
elif words[0] == "api":
    kept["milestones"].append(words[3].removeprefix("title="))
store.write_text(json.dumps(kept))
"""
    script = folder / "gh"
    script.write_text(code, encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: json.loads((tmp_path / "github.json").read_text(encoding="utf-8"))


def test_an_issue_is_opened_for_each_workpackage_once(team, gh):
    known = course.read(team.path)
    hub = github.Gh(str(team.path), really=True)

    assert github.open_issues(hub, known) == 19
    assert github.open_issues(hub, known) == 0

    assert len(gh()["issues"]) == len(set(gh()["issues"])) == 19
    assert gh()["milestones"] == [f"Sprint {n}" for n in range(1, 7)]


def test_no_issue_is_opened_for_what_was_left_out(team, gh):
    text = (team.path / course.FILE).read_text(encoding="utf-8")
    reason = "    title: A dashboard\n    not_chosen: our users want a mail every morning\n"
    write(team, course.FILE, text.replace("    title: A dashboard\n", reason))

    github.open_issues(github.Gh(str(team.path), really=True), course.read(team.path))

    assert "WP 5.1: A dashboard" not in gh()["issues"]


def test_without_being_asked_github_is_not_touched(team, gh, tmp_path, capsys):
    github.open_issues(github.Gh(str(team.path), really=False), course.read(team.path))

    assert not (tmp_path / "github.json").exists()
    assert "$ gh issue create --title 'WP 1.1: Form a team'" in capsys.readouterr().out


def test_a_milestone_that_lacks_something_is_not_opened(team, gh, tmp_path, capsys):
    assert milestone.main(team.path, 1, True) == 1

    assert not (tmp_path / "github.json").exists()
    told = capsys.readouterr().out
    assert "slides/milestone_1.pdf is absent" in told
    assert "names no reviewers" in told
    assert "develop is not on GitHub" in told


def test_the_pull_request_is_of_develop_as_it_is_on_github(team, capsys):
    commit_all = ("commit", "--quiet", "--no-verify", "--allow-empty", "-m")
    team.git("push", "--quiet", "origin", "main", "develop")
    team.git(*commit_all, "Not pushed")
    milestone.main(team.path, 1, False)
    assert "1 commits of develop are not on GitHub" in capsys.readouterr().out
    team.git("switch", "--quiet", "--create", "feature/x")
    milestone.main(team.path, 1, False)
    assert "you are on feature/x" in capsys.readouterr().out


def test_rules_that_a_team_bent_and_what_it_left_out_are_told(team):
    text = (team.path / course.FILE).read_text(encoding="utf-8")
    reason = "    title: Give it a name\n    not_chosen: we could not agree on one"
    text = text.replace("    title: Give it a name", reason).replace("least: 15}", "least: 1}")
    write(team, course.FILE, text)

    milestone.main(team.path, 1, False)

    page = (team.path / "local/milestone-1.md").read_text(encoding="utf-8")
    assert "- 1.3 Give it a name: not chosen, because we could not agree on one" in page
    assert "- workpackages.yaml looks at something else than at first for 1.1\n" in page


def test_an_open_milestone_gives_the_link_for_the_mail(team, gh, capsys, monkeypatch):
    monkeypatch.setattr(milestone, "_missing", lambda *_: [])

    assert milestone.main(team.path, 1, True) == 0

    told = capsys.readouterr().out
    assert "Subject: Milestone 1 of Penguin Observatory, Team Example" in told
    assert "is https://github.com/example-team/x/pull/7" in told


def test_a_milestone_that_does_not_exist_is_told(team, capsys):
    assert milestone.main(team.path, 4, False) == 2
    assert "there is no milestone 4: 1, 2, 3" in capsys.readouterr().out


def test_the_course_is_whole():
    told = yaml.safe_load((STENCIL / course.FILE).read_text(encoding="utf-8"))

    assert list(told["workpackages"]) == sorted(told["workpackages"])
    assert len(told["workpackages"]) == 19
    assert [one for one, about in told["workpackages"].items() if about.get("optional")] == ["6.2"]
    assert course.parse((STENCIL / course.FILE).read_text(encoding="utf-8"))
    tasks = tomllib.loads((STENCIL / "pyproject.toml").read_text(encoding="utf-8"))
    known = set(tasks["tool"]["poe"]["tasks"])
    for one, about in told["workpackages"].items():
        assert set(about.get("commands", [])) <= known, one


def test_all_that_is_looked_at_exists_in_a_fresh_project(team):
    """A page or heading that is misspelt could never be written to."""
    rows = tomllib.loads((TEMPLATE / "src/mlsd/score.toml").read_text(encoding="utf-8"))["tests"]
    looked_at = [wanted for one in course.read(team.path).workpackages for wanted in one.done]
    looked_at += [
        {k: v for k, v in one.items() if k != "worth"} for r in rows for one in r.get("more", [])
    ]
    written_later = {"docs/EDA.md", "docs/RUNS.md", "docs/DRIFT.md", "uv.lock"}
    for kind, about in (evidence.check(wanted) for wanted in looked_at):
        page = about.get("in_") or (about.get("about") if kind != "branches" else None)
        if page and page not in written_later:
            assert (team.path / page).is_file(), page
            assert not about.get("under") or Project(team.path).has_section(page, about["under"]), (
                about
            )


def test_gh_that_is_absent_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CourseError, match="gh is not installed"):
        github.Gh(str(tmp_path), really=True).do("pr", "create")
