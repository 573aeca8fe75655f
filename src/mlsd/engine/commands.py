"""The commands that change a project: `grow`, `add`, `remove`, `answer`, `update`, and `parts`."""

import subprocess
from pathlib import Path

from mlsd.course_error import CourseError
from mlsd.engine import catalogue, change, guards, rendering
from mlsd.engine.planning import Options, plan
from mlsd.engine.report import Line
from mlsd.engine.repository import Repository

DONE, TO_DO, REFUSED = 0, 1, 2
"""Exit codes: all is done; something is left to you; nothing was changed."""

_HELP = """
Resolve them: the marks `<<<<<<< yours`, `||||||| old template`, `>>>>>>> new template` name whose
lines they enclose; which to keep is yours to judge. `git add` or `git rm` each file, then:
    uv run poe {0} --continue     records, locks, commits, checks and tests
    uv run poe {0} --abort        undoes everything
"""

_WORDS = {"grow": (0, 1), "add": (1, 1), "remove": (1, 1), "answer": (1, 99), "update": (0, 0)}
_TAKES = {
    "grow": "give a sprint, or nothing for the next",
    "add": "give the name of one part; `poe parts` lists them",
    "remove": "give the name of one part; `poe parts` lists them",
    "answer": "give name=value, once or more",
    "update": "it takes no words; `--to NAME` names a version",
}


def main(folder: Path, command: str, words: list[str], options: Options) -> int:
    """Run a command on a project; give the exit code."""
    try:
        _require_words(command, words, options)
        if options.abort:
            print(f"undone: you are on {change.abort(folder)}")
            return DONE
        if options.go_on:
            guards.read_state(Repository(folder))
            return _finish(folder, options)
        return _begin(folder, command, words, options)
    except CourseError as error:
        print(f"{command}: {error}")
        return REFUSED


def _require_words(command: str, words: list[str], options: Options) -> None:
    """Refuse words that a command would not look at."""
    least, most = (0, 0) if options.go_on or options.abort else _WORDS[command]
    if not least <= len(words) <= most:
        raise CourseError(f"{' '.join(words) or 'nothing'} was given: {_TAKES[command]}.")


def later(sprint: int) -> int:
    """Say that a command belongs to a later sprint, and how it comes."""
    print(f"This command comes in sprint {sprint}: `uv run poe grow {sprint}` brings it now.")
    return REFUSED


def _begin(folder: Path, command: str, words: list[str], options: Options) -> int:
    planned = plan(folder, command, words, options)
    if planned is None:
        print(f"nothing to do: up to date with {_version(folder)}.")
        return DONE
    if options.dry_run:
        lines = change.rehearse(folder, planned)
        print(f"{planned.message}\n{_told(lines)}\n\nNothing was changed: this was a rehearsal.")
        return TO_DO if any(line.conflict for line in lines) else DONE
    lines = change.start(folder, planned)
    print(_told(lines))
    if any(line.conflict for line in lines):
        print(_HELP.format(command))
        return TO_DO
    return _finish(folder, options)


def _told(lines: list[Line]) -> str:
    """Tell a line for each path, conflicts last; a count of the others that went as expected."""
    ordered = sorted(lines, key=lambda line: line.conflict)
    told = [f"{'CONFLICT' if conflict else '        '} {path}: {outcome}"
            for path, outcome, conflict in ordered]  # fmt: skip
    conflicts = sum(line.conflict for line in lines)
    return "\n".join([*told, "", f"{len(lines)} paths, {conflicts} conflicts"])


def _finish(folder: Path, options: Options) -> int:
    """Record, lock and commit, then check and test; say what is left to do."""
    try:
        message = change.finish(folder)
        print(f"\nA commit on {Repository(folder).branch()}; its message is your pull request:\n")
        print(message)
        red = [task for task in ("check", "test") if options.check and _fails(folder, task)]
    except CourseError as error:
        print(error)
        return TO_DO
    if red:
        print(f"`uv run poe {'` and `uv run poe '.join(red)}` are red: mend that on this branch.")
        return TO_DO
    if options.check:
        print("`poe check` and `poe test` are green.")
    branch = Repository(folder).branch()
    print(
        f"Next: `git push -u origin {branch}`, `gh pr create --base develop --fill`, and merge it"
    )
    print("before the next change.")
    return DONE


def _version(folder: Path) -> str:
    """Name the version that a project records, and of what."""
    record = rendering.read_record(folder)
    return f"{(record.get('commit') or 'what it records')[:12]} of {record['template']}"


def _fails(folder: Path, task: str) -> bool:
    print(f"\n$ uv run poe {task}", flush=True)
    return (
        subprocess.run([change.uv(), "run", "poe", task], cwd=folder, check=False).returncode != 0
    )


def parts(folder: Path) -> int:
    """List the parts of a project; give the exit code."""
    try:
        print("\n".join(catalogue.rows(folder)))
    except CourseError as error:
        print(f"parts: {error}")
        return REFUSED
    return DONE
