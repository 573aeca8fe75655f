"""The ML Test Score: honest on a fresh project, higher with work, lower when a proof goes."""

import tomllib

import pytest
from conftest import TEMPLATE

from mlsd import evidence, rooms, score
from mlsd.project import Project

KNOWN = {"id", "name", "points", "proves", "raise", "more", "of_data", "needs"}


@pytest.fixture
def project(fresh):
    return fresh


def points(project):
    return {one.id: one.points for one in score.compute(Project(project.path))}


def test_all_28_tests_are_there_and_their_proofs_exist(project):
    scores = score.compute(Project(project.path))

    assert [one.id for one in scores] == [f"{s}{n}" for s in "DMIO" for n in range(1, 8)]
    assert not [problem for one in scores for problem in one.missing if "is gone" in problem]


def test_a_fresh_project_is_told_what_the_example_earned(project, capsys):
    assert score.main(project.path) == 0

    told = capsys.readouterr().out
    scores = score.compute(Project(project.path))
    assert score.overall(scores, own=True) < score.overall(scores, own=False)
    assert "M5    1  A simpler model is not better  (the example's)" in told
    assert "to raise: say in docs/DATA.md what each feature costs" in told
    assert f"ML Test Score: {score.overall(scores, own=False):g}" in told


def test_own_data_take_away_what_the_example_earned_until_there_is_a_model_of_them(project):
    rows = "".join(f"{n},2\n" for n in range(9))
    (project.path / score.EXAMPLE).write_text(f"a,b\n{rows}", encoding="utf-8")

    assert not any(one.of_example for one in score.compute(Project(project.path)))
    assert points(project)["M5"] == 0
    card = project.path / score.CARD
    text = card.read_text(encoding="utf-8").replace(evidence.UNWRITTEN, "| facts |")
    card.write_text(text, encoding="utf-8")
    assert points(project)["M5"] == 1


def test_a_proof_that_goes_takes_its_points(project):
    page = project.path / "tests/training/test_gate.py"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace("def test_poisoned_labels_are_red", "def nothing"), encoding="utf-8"
    )

    assert points(project)["I4"] == 0


def test_a_row_more_does_not_make_the_example_your_own(project):
    with (project.path / score.EXAMPLE).open("a", encoding="utf-8") as file:
        file.write("Adelie,Dream,True,30,15,200,3000,8,-25,MALE\n")

    assert any(one.of_example for one in score.compute(Project(project.path)))


def test_a_proof_that_moved_to_another_file_still_counts(project):
    (project.path / "tests/training/test_gate.py").rename(project.path / "tests/test_ours.py")

    assert points(project)["I4"] == 1


def test_a_proof_that_is_skipped_takes_its_points(project):
    page = project.path / "tests/training/test_gate.py"
    text = page.read_text(encoding="utf-8").replace("def test_", "@pytest.mark.skip\ndef test_")
    page.write_text(text, encoding="utf-8")

    assert points(project)["I4"] == 0


def test_a_proof_that_cannot_fail_takes_its_points(project):
    page = project.path / "tests/pipeline/test_run.py"
    page.write_text("def test_the_same_file_runs_here():\n    assert True\n", encoding="utf-8")

    assert points(project)["I3"] == 0


def test_without_ci_no_test_is_repeated(project):
    (project.path / ".github/workflows/ci.yml").write_text("# run: uv run poe test\nname: CI\n")

    assert points(project)["I1"] == 0


def test_a_folder_that_is_no_project_is_told(tmp_path, capsys):
    assert score.main(tmp_path) == 2
    assert "go to your project's folder" in capsys.readouterr().out


def test_the_words_of_each_row_are_known():
    rows = tomllib.loads((TEMPLATE / "src/mlsd/score.toml").read_text(encoding="utf-8"))["tests"]

    assert all(set(row) <= KNOWN for row in rows)


def test_a_proof_of_a_later_sprint_says_what_it_needs():
    """Else a project of an earlier sprint would hear that the proof is gone."""
    rows = tomllib.loads((TEMPLATE / "src/mlsd/score.toml").read_text(encoding="utf-8"))["tests"]

    for row in rows:
        sprint = rooms.sprint_of(row.get("needs", "src/app/data"))
        for proof in row["proves"]:
            assert rooms.SPRINTS.get(proof.split("/")[1], 2) <= sprint, row["id"]
