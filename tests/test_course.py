"""The course as data: each year is whole, and a mistake in a file is told with its place."""

import tomllib

import pytest
from conftest import STENCIL, TEMPLATE

from mlsd import course, course_year, evidence, progress
from mlsd.course_error import CourseError
from mlsd.project import Project


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
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
        ("when: 2026-03-30", "when: 2026-03-01", "2026-03-01 is not in 2026 after 2026-03-02"),
        ("when: 2026-05-11", "when: 2027-05-11", "2027-05-11 is not in 2026 after 2026-03-30"),
    ],
)
def test_a_course_year_that_cannot_be_is_told(edit_year, old, new, told):
    edit_year(old, new)

    with pytest.raises(CourseError) as error:
        course_year.read_year(2026)
    assert told in str(error.value)


def test_every_mistake_of_staff_is_told_at_once(edit_year):
    edit_year("milestone: 1\n", "milestone: 9\n")
    edit_year("- tests: {least: 3}", "- test: {least: 3}")
    edit_year("when: 2026-05-11", "when: 2025-05-11")

    with pytest.raises(CourseError) as error:
        course_year.read_year(2026)
    assert str(error.value).count("\n- ") == 3


@pytest.mark.parametrize("year", course_year.years())
def test_each_course_year_is_whole(year):
    read = course_year.read_year(year)

    assert read.year == year
    numbers = [workpackage.number for workpackage in read.workpackages]
    assert numbers == sorted(numbers)
    assert [number[0] for number in numbers] == [str(one.sprint) for one in read.workpackages]
    due = [workpackage.milestone for workpackage in read.workpackages]
    assert due == sorted(due)
    tasks = tomllib.loads((STENCIL / "pyproject.toml").read_text(encoding="utf-8"))
    known = set(tasks["tool"]["poe"]["tasks"])
    for workpackage in read.workpackages:
        assert set(workpackage.commands) <= known, workpackage.number
        assert not workpackage.not_chosen, f"{workpackage.number}: a team decides this"


def test_a_fresh_project_has_the_newest_year_and_leaves_nothing_out(team):
    assert course.read(team.path) == course_year.read_year(max(course_year.years()))


def test_a_date_that_staff_change_reaches_a_team_at_once(team, edit_year, capsys):
    edit_year("when: 2026-03-02", "when: 2026-03-09")

    progress.main(team.path, 1, None, "text")

    assert "Milestone 1, 2026-03-09" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("year: 2031", "year: 2031 must be 2026"),
        ("year: soon", "year: 'soon' must be 2026"),
        ("not_chosen:", "year: is missing"),
        ("", "needs a line such as `year: 2026`"),
        ("- 2026", "needs a line such as `year: 2026`"),
        ("year: [", "is not YAML"),
        ("year: 2026\nreviewers: [x]", "reviewers: is not known here"),
        ("year: 2026\nworkpackages: []", "workpackages: is not known here"),
        ("year: 2026\nnot_chosen: nothing", "not_chosen: 'nothing' must be"),
        (
            "year: 2026\nnot_chosen: {9.9: as we have no time}",
            "not_chosen, 9.9: '9.9' must be '1.1'",
        ),
        ("year: 2026\nnot_chosen: {5.1: no page}", "5.1: 'no page' does not say why"),
        ("year: 2026\nnot_chosen: {5.1: }", "5.1: None must be a valid string"),
        ("year: 2026\nnot_chosen:\n  5.1: a\n  5.1: b", "5.1 is there twice"),
    ],
)
def test_decisions_that_cannot_be_are_told(tmp_path, capsys, text, told):
    (tmp_path / course.FILE).write_text(text, encoding="utf-8")

    assert progress.main(tmp_path, None, None, "text") == 2
    assert told in capsys.readouterr().out


def test_every_mistake_of_a_team_is_told_at_once(tmp_path):
    wrong = "year: 2031\nnot_chosen: {9.9: as we have no time, 5.1: no}\nemails: []"
    (tmp_path / course.FILE).write_text(wrong, encoding="utf-8")

    with pytest.raises(CourseError) as error:
        course.read(tmp_path)
    assert str(error.value).count("\n- ") == 4


def test_of_an_older_project_s_whole_file_only_the_decisions_are_read(tmp_path):
    text = (course_year.YEARS / "2026.yaml").read_text(encoding="utf-8")
    reason = '    title: A dashboard\n    not_chosen: "our users want a mail every morning"\n'
    text = text.replace("    title: A dashboard\n", reason).replace("2026-03-02", "2026-03-09")
    (tmp_path / course.FILE).write_text(text.replace("    week: 8\n", ""), encoding="utf-8")

    read, year = course.read(tmp_path), course_year.read_year(2026)

    left_out = {one.number: one.not_chosen for one in read.workpackages if one.not_chosen}
    assert left_out == {"5.1": "our users want a mail every morning"}
    assert read.milestones == year.milestones


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
