"""Grown equals generated, and a changed answer equals one that was given at first: byte for byte.

The engine's own steps are done to rendered trees in memory, beside files that a team has of its
own. `tests/test_update.py` does the same with git.
"""

import tomllib
from itertools import combinations, permutations, product

import pytest
from conftest import TEMPLATE
from stencil import context, project

from mlsd.course_error import CourseError
from mlsd.engine import rendering, trees, wishes

QUESTIONS = wishes.Questions(
    (TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"),
    (TEMPLATE / "parts.toml").read_text(encoding="utf-8"),
)
MOVES = {
    old: new
    for moved in tomllib.loads((TEMPLATE / "renames.toml").read_text(encoding="utf-8")).values()
    for old, new in moved.items()
}
OWN = {"src/app/features.py": trees.File(b"# ours\n"), "notes/week 1.md": trees.File(b"ours\n")}
OTHER_TEXTS = {
    "project_name": "Other Name", "project_slug": "other-name", "description": 'An {{ odd }} "one"',
    "team_name": "Other Team", "team_members": "Alan Example", "github_owner": "other-team",
    "gcp_project_id": "other-project-1", "region": "europe-west4",
}  # fmt: skip


def recorded(**answers):
    """Give the answers as the record of a generated project holds them."""
    return rendering.answers_of({"context": {"cookiecutter": context(**answers)}})


def carried(answers, wanted):
    """Do the engine's steps from one set of answers to another to a project with own files."""
    old, new = (project(**_plain(given)) for given in (answers, wanted))
    files = trees.apply(old | OWN, old, trees.steps(old, new, MOVES))
    assert {path: files.pop(path) for path in OWN} == OWN
    return files


def _plain(answers):
    return {name.lstrip("_"): value for name, value in answers.items() if name != "__year"}


def differing(one, other):
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def switch(**to):
    """Give the answers that `poe answer` leads to."""
    return lambda answers: wishes.answered(QUESTIONS, answers, [f"{k}={v}" for k, v in to.items()])


@pytest.mark.parametrize(("first", "last"), list(combinations(wishes.SPRINTS, 2)))
def test_grown_at_once_equals_generated(first, last):
    answers = recorded(until_sprint=first)

    files = carried(answers, wishes.grown(QUESTIONS, answers, last))

    assert differing(files, project(until_sprint=last)) == []


def test_grown_sprint_by_sprint_equals_generated():
    answers = recorded(until_sprint="2")
    for sprint in wishes.SPRINTS[1:]:
        answers, former = wishes.grown(QUESTIONS, answers), answers
        files = carried(former, answers)
        assert differing(files, project(until_sprint=sprint)) == []

    with pytest.raises(CourseError, match="everything is here already"):
        wishes.grown(QUESTIONS, answers)


STAGED = [
    (sprint, part)
    for sprint, part in product(wishes.SPRINTS, QUESTIONS.parts)
    if sprint >= QUESTIONS.sprint_of(part)
]


@pytest.mark.parametrize(("sprint", "part"), STAGED)
def test_a_part_comes_and_goes_without_a_trace(sprint, part):
    without = recorded(until_sprint=sprint)
    with_part = wishes.switched(QUESTIONS, without, part, "yes")

    there = carried(without, with_part)
    gone = carried(with_part, wishes.switched(QUESTIONS, with_part, part, "no"))

    assert differing(there, project(until_sprint=sprint, **{part: "yes"})) == []
    assert differing(gone, project(until_sprint=sprint)) == []
    assert differing(there, gone)


@pytest.mark.parametrize(("one", "other"), list(permutations(QUESTIONS.parts, 2)))
def test_parts_can_come_in_any_order(one, other):
    answers = recorded()
    for part in (one, other):
        answers, former = wishes.switched(QUESTIONS, answers, part, "yes"), answers
        files = carried(former, answers)

    assert differing(files, project(**{one: "yes", other: "yes"})) == []


@pytest.mark.parametrize("part", QUESTIONS.parts)
def test_a_part_is_refused_before_its_sprint(part):
    sprint = QUESTIONS.sprint_of(part)

    with pytest.raises(CourseError, match=f"stands on sprint {sprint}: first run `uv run poe grow"):
        wishes.switched(QUESTIONS, recorded(until_sprint="2"), part, "yes")


ALTERNATIVES = [
    (name, value)
    for name in QUESTIONS.names
    for value in QUESTIONS.choices(name) or [OTHER_TEXTS[name]]
    if value != _plain(recorded())[name]
]


@pytest.mark.parametrize(("name", "value"), ALTERNATIVES)
def test_every_answer_is_read_and_can_be_given_later(name, value):
    first = recorded()
    second = switch(**{name: value})(first)

    there, back = carried(first, second), carried(second, first)

    at_first = {"project_slug": first["project_slug"], name: value}  # a name suggests a slug
    assert differing(there, project(**at_first)) == []
    assert differing(back, project()) == []
    assert differing(there, back), f"nothing reads {name}={value}"


@pytest.mark.parametrize(
    ("name", "value"), [given for given in ALTERNATIVES if given[0] != "until_sprint"]
)
def test_an_answer_that_was_given_early_still_holds_after_growing(name, value):
    answers = recorded(until_sprint="2", **{name: value})

    files = carried(answers, wishes.grown(QUESTIONS, answers, "everything"))

    assert differing(files, project(**{name: value})) == []


def test_a_declared_move_is_none_while_growing():
    for sprint in wishes.SPRINTS[:-1]:
        assert trees.declared_moves(project(until_sprint=sprint), project(), MOVES) == {}


def test_a_part_that_forgets_a_file_turns_red():
    small, large = project(until_sprint="3"), project()
    way = trees.steps(small, large, MOVES)
    less = [step._replace(tree=dict(list(step.tree.items())[:-1])) for step in way]

    assert differing(trees.apply(small, small, less), large)


def test_an_edited_file_is_never_written_over():
    small, large = project(until_sprint="3"), project()
    edited = small | {"pyproject.toml": trees.File(b"ours")}

    with pytest.raises(ValueError, match="pyproject.toml"):
        trees.apply(edited, small, trees.steps(small, large, MOVES))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["data_store=MySQL"], "data_store=MySQL is no choice: give one of BigQuery, Firestore"),
        (["store=Firestore"], "store is no question of the template: project_name"),
        (["data_store"], "answer data_store: give name=value"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(given, told):
    with pytest.raises(CourseError, match=told):
        wishes.answered(QUESTIONS, recorded(), given)


@pytest.mark.parametrize("to", ["2", "1", "7", "soon"])
def test_growing_to_where_one_is_or_nowhere_is_refused(to):
    with pytest.raises(CourseError, match=f"grow {to}: this project holds sprint 2; give one of 3"):
        wishes.grown(QUESTIONS, recorded(until_sprint="2"), to)
