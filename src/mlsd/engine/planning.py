"""From a command to a change: render what a project was made from, and what it is to be made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mlsd.engine import change, guards, lesson, made, rendering, wishes
from mlsd.engine.repository import Repository
from mlsd.engine.wishes import Answers, Questions


class Options(NamedTuple):
    """What a command was told beside its words."""

    dry_run: bool = False
    go_on: bool = False
    abort: bool = False
    check: bool = True
    to: str = ""
    made_from: str = ""
    answers: tuple[str, ...] = ()


def plan(folder: Path, command: str, words: list[str], options: Options) -> change.Change | None:
    """Render both sides of a change; None where they do not differ."""
    repository = Repository(folder)
    guards.require_none(repository)
    repository.require_ready()
    project = made.read(folder, _record_of_base(repository), options.made_from)
    if command == "update":
        return _update(project, options)
    source, answers = project.source, project.answers
    wanted = _wanted(project.questions(), answers, command, words)
    if wanted == answers:
        return None
    new = rendering.render(source, project.commit, wanted)
    title = f"{command.capitalize()}: {_differing(answers, wanted)}"
    message = lesson.write(title, project.rendered.tree, new.tree)
    branch = f"feature/{command}-{'-'.join(words) or wanted['until_sprint']}"
    return change.Change(_branch_name(branch), project.record, project.rendered, new, {}, message)


def _record_of_base(repository: Repository) -> dict[str, Any]:
    """Read the record where the change begins, which may be another branch than the current."""
    base = repository.base()
    if behind := repository.behind(base):
        print(f"note: {base} lacks {behind} commits of origin: `git pull` there first is better.")
    return rendering.record_in(repository.read("show", f"{base}:{rendering.RECORD}", check=False))


def _update(project: made.Made, options: Options) -> change.Change | None:
    """Plan to bring a newer version of the template."""
    source, old = project.source, project.rendered
    newest = source.newest(options.to, project.record.get("checkout"))
    questions = Questions.of(source, newest)
    wanted = wishes.carried_over(questions, project.answers, list(options.answers))
    new = rendering.render(source, newest, wanted)
    if newest == project.commit and new.tree == old.tree:
        return None
    moves = wishes.moves_of(source.read(newest, "renames.toml"))
    version = new.record["context"]["cookiecutter"].get("_version", "")
    title = f"Update the template to {version} ({newest[:12]})"
    told = lesson.write(title, old.tree, new.tree, lesson.news(source, project.commit, newest))
    branch = f"feature/update-{newest[:12]}"
    return change.Change(branch, project.record, old, new, moves, told)


def _wanted(questions: Questions, answers: Answers, command: str, words: list[str]) -> Answers:
    """Give the answers that a command leads to."""
    first = words[0] if words else ""
    ways: dict[str, Callable[[], Answers]] = {
        "grow": lambda: wishes.grown(questions, answers, first),
        "add": lambda: wishes.switched(questions, answers, first, "yes"),
        "remove": lambda: wishes.switched(questions, answers, first, "no"),
        "answer": lambda: wishes.answered(questions, answers, words),
    }
    return ways[command]()


def _differing(old: Answers, new: Answers) -> str:
    pairs = {n.lstrip("_"): value for n, value in new.items() if value != old.get(n)}
    told = [wishes.stage(v) if n == "until_sprint" else f"{n}={v}" for n, v in pairs.items()]
    return ", ".join(told)


def _branch_name(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "/_-" else "-" for sign in text.lower())
