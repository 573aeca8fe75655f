"""From a command to answers: the next sprint, another part, another answer, a newer template."""

import json
import re
import tomllib
from typing import Any

from mlsd.course_error import CourseError
from mlsd.engine.source import Source

SPRINTS = ("2", "3", "4", "everything")
"""How much of a project there can be, in the order in which it grows."""

Answers = dict[str, str]


def stage(until: str) -> str:
    """Say in words how much of a project there is."""
    return until if until == "everything" else f"until sprint {until}"


class Questions:
    """What a version of the template asks, also what it does not ask at generation."""

    def __init__(self, asked: str, parts_table: str) -> None:
        """Take the texts of cookiecutter.json and parts.toml."""
        self.asked: dict[str, Any] = json.loads(asked)
        parts = tomllib.loads(parts_table)
        self.paths: dict[str, list[str]] = parts.get("paths", {})
        self.later: dict[str, Any] = parts.get("later", {})
        self.existing: Answers = parts.get("existing", {})

    @classmethod
    def of(cls, source: Source, commit: str) -> "Questions":
        """Read the questions of a commit. Raises `CourseError` where its files are broken."""
        texts = [source.read(commit, name) for name in ("cookiecutter.json", "parts.toml")]
        try:
            return cls(*texts)
        except (ValueError, AttributeError, TypeError) as error:
            name = commit[:12]
            raise CourseError(
                f"the template's version {name} is broken ({error}); --to NAME takes another."
            ) from None

    @property
    def names(self) -> list[str]:
        """Name all questions, as users do."""
        return [name for name in self.asked if not name.startswith("_")] + list(self.later)

    def key(self, name: str) -> str:
        """Give the name by which cookiecutter knows a question."""
        return f"_{name}" if name in self.later else name

    def choices(self, name: str) -> list[str]:
        """Give the choices of a question, none if any text will do."""
        choices = self.later[name] if name in self.later else self.asked[name]
        return choices if isinstance(choices, list) else []

    @property
    def parts(self) -> list[str]:
        """Name the parts that can be added and removed."""
        return [name for name in self.names if self.choices(name) == ["no", "yes"]]

    def sprint_of(self, part: str) -> str:
        """Give the sprint from which a part can be there."""
        rules = [rule for rule in self.paths if f"{part} = yes" in rule]
        sprints = [re.search(r"sprint >= (\d)", rule) for rule in rules]
        return max([match[1] for match in sprints if match], default="2")

    def checked(self, name: str, value: str) -> Answers:
        """Give an answer as it is recorded; a question or a choice that is not there is refused."""
        if name not in self.names:
            raise CourseError(f"{name} is no question of the template: {', '.join(self.names)}.")
        choices = self.choices(name)
        if choices and value not in choices:
            raise CourseError(f"{name}={value} is no choice: give one of {', '.join(choices)}.")
        return {self.key(name): value}


def grown(questions: Questions, answers: Answers, to: str = "") -> Answers:
    """Give the answers for the next sprint, or for a later one."""
    now = SPRINTS.index(answers["until_sprint"])
    if now + 1 == len(SPRINTS):
        raise CourseError("everything is here already: `poe parts` lists what can be added.")
    wanted = {"5": "everything", "6": "everything"}.get(to, to) or SPRINTS[now + 1]
    if wanted not in SPRINTS or SPRINTS.index(wanted) <= now:
        later = ", ".join(SPRINTS[now + 1 :])
        raise CourseError(
            f"grow {to}: this project holds sprint {SPRINTS[now]}; give one of {later}, or nothing "
            "for the next."
        )
    return answers | questions.checked("until_sprint", wanted)


def switched(questions: Questions, answers: Answers, part: str, to: str) -> Answers:
    """Give the answers with a part added (`yes`) or removed (`no`)."""
    if part not in questions.parts:
        raise CourseError(f"{part} is no part: {', '.join(questions.parts)}.")
    if answers[questions.key(part)] == to:
        raise CourseError(f"{part} is {'here' if to == 'yes' else 'not here'} already.")
    sprint = questions.sprint_of(part)
    if to == "yes" and answers["until_sprint"] < sprint:
        raise CourseError(
            f"{part} stands on sprint {sprint}: first run `uv run poe grow {sprint}`."
        )
    return answers | questions.checked(part, to)


def answered(questions: Questions, answers: Answers, given: list[str]) -> Answers:
    """Give the answers with those of `name=value` in their places."""
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise CourseError(f"answer {text}: give name=value; {', '.join(questions.names)}.")
        answers = answers | questions.checked(name.lstrip("_"), value)
    return answers


def carried_over(questions: Questions, answers: Answers, given: list[str]) -> Answers:
    """Give a project's answers to the questions of a newer template, and say what is new.

    A question that is new is answered on the command line, or as the template says that a project
    which exists already answers it.

    Raises
    ------
    CourseError
        Neither answers it.
    """
    old = {name.lstrip("_"): value for name, value in answers.items() if name != "__year"}
    new = [name for name in questions.names if not _still_fits(questions, name, old)]
    known = {questions.key(name): old[name] for name in questions.names if name not in new}
    for name in sorted(old.keys() - set(questions.names)):
        print(f"{name}={old[name]} is dropped: the newer template does not ask it any more")
    implied = {questions.key(n): questions.existing[n] for n in new if n in questions.existing}
    chosen = answered(questions, implied, given)
    _require_answered(questions, [name for name in new if questions.key(name) not in chosen])
    for name in new:
        print(f"new question {name}: {chosen[questions.key(name)]}")
    year = {"__year": answers["__year"]} if "__year" in answers else {}
    return known | chosen | year


def _require_answered(questions: Questions, names: list[str]) -> None:
    """Refuse while a question has no answer, with the choices of each."""
    if names:
        rows = [f"{name}: {' | '.join(questions.choices(name)) or 'a text'}" for name in names]
        raise CourseError(
            "the newer template asks this anew; answer each by `--answer name=value`:\n"
            + "\n".join(rows)
        )


def _still_fits(questions: Questions, name: str, answers: Answers) -> bool:
    """Say whether an earlier answer to a question is one today."""
    choices = questions.choices(name)
    return name in answers and (not choices or answers[name] in choices)


def moves_of(text: str) -> dict[str, str]:
    """Give all moves that renames.toml declares: old path and today's, also over several steps.

    Raises
    ------
    CourseError
        The file is broken.
    """
    moves: dict[str, str] = {}
    try:
        for moved in tomllib.loads(text).values():
            moves = {old: moved.get(new, new) for old, new in moves.items()} | dict(moved)
    except (ValueError, AttributeError, TypeError) as error:
        raise CourseError(f"the template's renames.toml is broken: {error}.") from None
    return moves
