"""Files that are not at their place: moved, deleted, of a later sprint, or of an older template."""

import hashlib
import subprocess

from conftest import STENCIL, commit_all
from teamwork import FRESH, PNG, WORDS, fill, leave_out, words_of, work, write

from mlsd import course, evidence, progress, score
from mlsd.project import Project

WANTED = {"words": {"in": "docs/API.md", "least": 60}}


def move(project, old, new):
    project.git("mv", old, new)
    project.git("commit", "--quiet", "--no-verify", "-m", "Move")


def states(project):
    looked = Project(project.path)
    return {
        one.number: progress.judge(looked, one) for one in course.read(project.path).workpackages
    }


def test_a_renamed_page_is_followed(team):
    page = team.path / "docs/API.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    page.write_text("\n".join(lines[: len(lines) // 2]), encoding="utf-8")
    fill(team, WANTED, 1)
    team.git("add", "--all")
    move(team, "docs/API.md", "docs/OUR_ROUTES.md")

    assert words_of(team)["3.1"] == "begun"
    finding = evidence.look(Project(team.path), WANTED)
    assert (finding.right, finding.where) == (True, "docs/OUR_ROUTES.md")
    changed = evidence.look(Project(team.path), {"changed": "docs/API.md"})
    assert (changed.right, changed.where) == (True, "docs/OUR_ROUTES.md")


def test_what_is_done_stays_done_in_a_moved_folder(team):
    for number in (1, 2, 3):
        work(team, number)
    move(team, "docs", "documentation")

    assert set(words_of(team).values()) == {"done"}
    finding = evidence.look(Project(team.path), {"fresh": "docs/EDA.md"})
    assert (finding.right, finding.where) == (True, "documentation/EDA.md")
    progress.main(team.path, None, None, "write")
    readme = (team.path / "README.md").read_text(encoding="utf-8")
    assert "| `src/app/data/ingest.py`, `src/app/data/eda.py`, `documentation/DATA.md` |" in readme


def test_a_figure_is_looked_for_beside_its_moved_page(team, monkeypatch):
    text = "numbers ![x](figures/eda.png)"
    now = subprocess.CompletedProcess([], 0, stdout=text, stderr="")
    monkeypatch.setattr(evidence, "_run", lambda project, code: now)
    write(team, "docs/EDA.md", text)
    write(team, "docs/figures/eda.png", "")
    digest = hashlib.sha256(text.encode()).hexdigest().encode()
    (team.path / "docs/figures/eda.png").write_bytes(PNG + digest)
    team.git("add", "--all")
    move(team, "docs", "documentation")

    assert evidence.look(Project(team.path), {"fresh": "docs/EDA.md"}).right


def test_a_moved_page_that_was_rewritten_is_found_beside_the_others(team):
    move(team, "docs", "documentation")
    write(team, "documentation/API.md", WORDS)

    assert evidence.look(Project(team.path), WANTED).where == "documentation/API.md"


def test_another_page_is_not_taken_for_a_deleted_one(team):
    """A page of the team's own shares a line with the template's; a file of another kind, all."""
    text = (team.path / "docs/API.md").read_text(encoding="utf-8")
    write(team, "docs/OURS.md", f"{text.splitlines()[0]}\n\n{WORDS}")
    write(team, "notes.txt", text)
    team.git("rm", "--quiet", "docs/API.md")

    assert Project(team.path).where("docs/API.md") == "docs/API.md"
    state = states(team)["3.1"]
    assert state.word == "broken"
    assert progress.is_open(state)
    assert state.findings[0].seen == "deleted"
    assert state.findings[0].next_step.startswith("bring it back")


def test_a_part_that_was_not_generated_comes_in_its_sprint(small, edit_year, capsys):
    state = states(small)["4.1"]
    assert state.word == "comes in sprint 4"
    assert state.brought.here == []
    assert progress.main(small.path, None, 4, "text") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "next: when its sprint begins: `uv run poe grow`" in told

    progress.main(small.path, None, None, "write")
    readme = (small.path / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("| 4.1 |")]
    assert row.endswith("the model that is served afterwards | comes in sprint 4 |")
    assert "src/app/pipeline" not in row


def test_what_comes_later_counts_when_its_milestone_is_asked_for(small):
    later = states(small)["4.1"]

    assert progress.is_open(later)
    assert not progress.is_open(later, to_come=False)
    begun = later._replace(word="begun")
    assert progress.is_open(begun, to_come=False)
    for one in course.read(small.path).workpackages:
        if one.number != "4.1":
            leave_out(small, one.number, "we only wait for the pipeline")
    codes = [progress.main(small.path, asked, None, "text") for asked in (None, 3)]
    assert codes == [0, 1]


def test_a_team_that_wrote_the_absent_part_itself_is_judged_as_others(small):
    for path in ("src/app/pipeline/run.py", "src/app/pipeline/components.py", "docs/PIPELINE.md"):
        write(small, path, "ours")

    assert words_of(small)["4.1"] == "not started"


def test_the_score_of_an_absent_part_comes_in_its_sprint(small, capsys):
    scores = {one.id: one for one in score.compute(Project(small.path))}

    assert scores["I3"].missing == ["comes in sprint 4"]
    assert scores["I3"].points == 0
    assert scores["I4"].points == 1
    assert score.main(small.path) == 0
    assert "to raise: when its sprint begins: `uv run poe grow`" in capsys.readouterr().out


def test_a_part_that_was_deleted_does_not_come_again(team):
    team.git("rm", "-r", "--quiet", "src/app/pipeline", "tests/pipeline", "docs/PIPELINE.md")

    assert states(team)["4.1"].word == "broken"
    proof = next(one for one in score.compute(Project(team.path)) if one.id == "I3")
    assert proof.missing == [
        "tests/pipeline/test_run.py::test_the_same_file_runs_here is gone, or cannot fail"
    ]


def test_an_older_project_s_files_are_found_by_their_names_of_then(
    bake, template_copy, monkeypatch
):
    once = {
        "src/app/training/gate.py": "src/app/gate.py",
        "src/app/pipeline/run.py": "src/app/pipeline.py",
        "tests/pipeline/test_run.py": "tests/test_pipeline.py",
        "tests/api/test_requests.py": "tests/test_api.py",
    }
    for today, then in once.items():
        (template_copy / STENCIL.name / today).rename(template_copy / STENCIL.name / then)
    commit_all(template_copy)
    monkeypatch.setattr(evidence, "_run", lambda project, code: FRESH)
    project = bake(template=template_copy)

    assert {today: Project(project.path).where(today) for today in once} == once
    assert not {"broken", "comes in sprint 4"} & set(words_of(project).values())
    scores = score.compute(Project(project.path))
    assert not [problem for one in scores for problem in one.missing if "is gone" in problem]
