"""The parts of a project: those that are here, those that could be, and what each costs."""

from collections.abc import Iterator
from pathlib import Path

from mlsd import rooms
from mlsd.engine import made, rendering, wishes
from mlsd.engine.trees import Tree


def rows(folder: Path) -> Iterator[str]:
    """List what is here and what could be, and what each costs in lines of code."""
    project = made.read(folder, rendering.read_record(folder))
    questions, answers = project.questions(), project.answers
    now, here = answers["until_sprint"], _code(project.rendered.tree)

    def cost(**changed: str) -> int:
        other = answers | {questions.key(name): value for name, value in changed.items()}
        return abs(_code(rendering.render(project.source, project.commit, other).tree) - here)

    yield f"{'part':24} {'':10} lines of src/app"
    yield f"{wishes.stage(now):24} {'here':10} {here:7,}"
    for sprint in wishes.SPRINTS[wishes.SPRINTS.index(now) + 1 :]:
        more = cost(until_sprint=sprint)
        yield f"{wishes.stage(sprint):24} {'could be':10} {more:7,}   poe grow {sprint}"
    for part in questions.parts:
        is_here, sprint = answers[questions.key(part)] == "yes", questions.sprint_of(part)
        if now < sprint:
            yield f"{part:24} from sprint {sprint}"
        elif is_here:
            yield f"{part:24} {'here':10} {cost(**{part: 'no'}):7,}   poe remove {part}"
        else:
            yield f"{part:24} {'could be':10} {cost(**{part: 'yes'}):7,}   poe add {part}"


def _code(tree: Tree) -> int:
    """Count the lines of code of `src/app`."""
    texts = [
        file.content.decode()
        for path, file in tree.items()
        if path.startswith("src/app/") and path.endswith(".py")
    ]
    return sum(rooms.code_lines(text) for text in texts)
