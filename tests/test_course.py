"""The course as data: `workpackages.yaml` is whole, and a mistake in it is told with its place."""

import tomllib

import pytest
import yaml
from conftest import STENCIL, TEMPLATE
from teamwork import write

from mlsd import course, evidence, progress
from mlsd.project import Project


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
