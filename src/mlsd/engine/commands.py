"""The commands that change a project: `grow`, `add`, `remove`, `answer`, `update`, and `parts`."""

import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mlsd import rooms
from mlsd.course_error import CourseError
from mlsd.engine import change, lesson, rendering, wishes
from mlsd.engine.picking import Line
from mlsd.engine.repository import Repository
from mlsd.engine.source import Source
from mlsd.engine.wishes import Answers, Questions

DONE, TO_DO, REFUSED = 0, 1, 2
"""Exit codes: all is done; something is left to you; nothing was changed."""

_HELP = """
Resolve them: the marks `<<<<<<< yours`, `||||||| old template`, `>>>>>>> new template` name whose
lines they enclose; which to keep is yours to judge. `git add` or `git rm` each file, then:
    uv run poe {0} --continue     records, locks, commits, checks and tests
    uv run poe {0} --abort        undoes everything
"""


class Options(NamedTuple):
    """What a command was told beside its words."""

    dry_run: bool = False
    go_on: bool = False
    abort: bool = False
    check: bool = True
    to: str = ""
    made_from: str = ""
    answers: tuple[str, ...] = ()


def main(folder: Path, command: str, words: list[str], options: Options) -> int:
    """Run a command on a project; give the exit code."""
    try:
        if options.abort:
            print(f"undone: you are on {change.abort(folder)} again")
            return DONE
        if options.go_on:
            return _finish(folder, options)
        return _begin(folder, command, words, options)
    except CourseError as error:
        print(f"{command}: {error}")
        return REFUSED


def later(sprint: int) -> int:
    """Say that a command belongs to a later sprint, and how it comes."""
    print(f"This command comes in sprint {sprint}: `uv run poe grow {sprint}` brings it now.")
    return REFUSED


def _begin(folder: Path, command: str, words: list[str], options: Options) -> int:
    planned = _plan(folder, command, words, options)
    if planned is None:
        print("nothing differs: this project is as it would be.")
        return DONE
    if options.dry_run:
        lines = change.rehearse(folder, planned)
        print(f"{_told(lines)}\n\nNothing was changed: this was a rehearsal.")
        return TO_DO if any(line.conflict for line in lines) else DONE
    lines = change.start(folder, planned)
    print(_told(lines))
    if any(line.conflict for line in lines):
        print(_HELP.format(command))
        return TO_DO
    return _finish(folder, options)


class Made(NamedTuple):
    """What a project was made from: the template's version, the answers, and both rendered."""

    source: Source
    branch: str
    commit: str
    answers: Answers
    rendered: rendering.Rendered


def _made(folder: Path, named: str = "") -> Made:
    """Render what a project was made from; `named` is a commit instead of the recorded one."""
    record = rendering.read_record(folder)
    source, answers = Source(record["template"]), rendering.answers_of(record)
    recorded = named or record.get("commit")
    commit = source.resolve(recorded) if recorded else rendering.find_commit(folder, source)
    if not recorded:
        print(f"the record names no commit; by its files, this project was made from {commit[:12]}")
    rendered = rendering.render(source, commit, answers)
    if not named and rendering.differs_from_record(rendered, record):
        print(
            "note: the template had changes that were no commit when this project was made; what "
            "they brought counts as yours."
        )
    return Made(source, record.get("checkout") or "HEAD", commit, answers, rendered)


def _plan(folder: Path, command: str, words: list[str], options: Options) -> change.Change | None:
    """Render both sides of a change; None where they do not differ."""
    made = _made(folder, options.made_from)
    if command == "update":
        return _update(made, options)
    wanted = _wanted(Questions.of(made.source, made.commit), made.answers, command, words)
    if wanted == made.answers:
        return None
    new = rendering.render(made.source, made.commit, wanted)
    title = f"{command.capitalize()}: {_differing(made.answers, wanted)}"
    message = lesson.write(title, made.rendered.tree, new.tree)
    branch = f"feature/{command}-{'-'.join(words) or wanted['until_sprint']}"
    return change.Change(_branch_name(branch), made.rendered, new, {}, message)


def _update(made: Made, options: Options) -> change.Change | None:
    """Plan to bring a newer version of the template."""
    source, old = made.source, made.rendered
    newest = source.newest(options.to or made.branch)
    wanted = wishes.carried_over(Questions.of(source, newest), made.answers, list(options.answers))
    new = rendering.render(source, newest, wanted)
    if newest == made.commit and new.tree == old.tree:
        return None
    moves = tomllib.loads(source.read(newest, "renames.toml"))
    declared = {a: b for by_version in moves.values() for a, b in by_version.items()}
    version = new.record["context"]["cookiecutter"].get("_version", "")
    title = f"Update the template to {version} ({newest[:12]})"
    told = lesson.write(title, old.tree, new.tree, lesson.news(source, made.commit, newest))
    return change.Change(f"feature/update-{newest[:12]}", old, new, declared, told)


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
    names = {"until_sprint": "until sprint"}
    pairs = {n.lstrip("_"): value for n, value in new.items() if value != old.get(n)}
    return ", ".join(f"{names.get(name, name)} {value}" for name, value in pairs.items())


def _branch_name(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "/_-." else "-" for sign in text.lower())


def _told(lines: list[Line]) -> str:
    """Tell a line for each path, conflicts last; a count of the others that went as expected."""
    ordered = sorted(lines, key=lambda line: line.conflict)
    told = [f"{'CONFLICT' if conflict else '        '} {path}: {outcome}"
            for path, outcome, conflict in ordered]  # fmt: skip
    conflicts = sum(line.conflict for line in lines)
    return "\n".join([*told, "", f"{len(lines)} paths, {conflicts} conflicts"])


def _finish(folder: Path, options: Options) -> int:
    """Record, lock and commit, then check and test; say what is left to do."""
    message = change.finish(folder)
    print(f"\nOne commit on {Repository(folder).branch()}; its message is your pull request:\n")
    print(message)
    if not options.check:
        return DONE
    red = [task for task in ("check", "test") if _fails(folder, task)]
    if red:
        print(f"`uv run poe {'` and `uv run poe '.join(red)}` are red: mend that on this branch.")
        return TO_DO
    print("`poe check` and `poe test` are green. Push this branch and open its pull request.")
    return DONE


def _fails(folder: Path, task: str) -> bool:
    print(f"\n$ uv run poe {task}", flush=True)
    return subprocess.run(["uv", "run", "poe", task], cwd=folder, check=False).returncode != 0


def parts(folder: Path) -> int:
    """List what is here and what could be, and what each costs in lines of code."""
    try:
        print("\n".join(_listed(folder)))
    except CourseError as error:
        print(f"parts: {error}")
        return REFUSED
    return DONE


def _listed(folder: Path) -> Iterator[str]:
    made = _made(folder)
    questions, answers = Questions.of(made.source, made.commit), made.answers
    now, here = answers["until_sprint"], _code(made.rendered.tree)

    def cost(**changed: str) -> int:
        other = answers | {questions.key(name): value for name, value in changed.items()}
        return abs(_code(rendering.render(made.source, made.commit, other).tree) - here)

    yield f"{'part':24} {'':10} lines of src/app"
    yield f"{'until sprint ' + now:24} {'here':10} {here:7,}"
    for sprint in wishes.SPRINTS[wishes.SPRINTS.index(now) + 1 :]:
        name = f"until sprint {sprint}"
        yield f"{name:24} {'could be':10} {cost(until_sprint=sprint):7,}   poe grow {sprint}"
    for part in questions.parts:
        is_here, sprint = answers[questions.key(part)] == "yes", questions.sprint_of(part)
        if now < sprint:
            yield f"{part:24} from sprint {sprint}"
        elif is_here:
            yield f"{part:24} {'here':10} {cost(**{part: 'no'}):7,}   poe remove {part}"
        else:
            yield f"{part:24} {'could be':10} {cost(**{part: 'yes'}):7,}   poe add {part}"


def _code(tree: rendering.Tree) -> int:
    """Count the lines of code of `src/app`."""
    texts = [
        file.content.decode()
        for path, file in tree.items()
        if path.startswith("src/app/") and path.endswith(".py")
    ]
    return sum(rooms.code_lines(text) for text in texts)
