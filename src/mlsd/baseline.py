"""What the template generated for a project, by which a team's own work is told apart."""

from pathlib import Path

from mlsd.engine import rendering


def tree(folder: Path) -> dict[str, bytes]:
    """Give what the template generated: path (forward slashes) -> content.

    It is rendered from the commit and the answers in `.cruft.json`, so neither a lost history nor
    a squashed update is an obstacle.

    Raises
    ------
    CourseError
        There is no usable record, or its template or commit cannot be had.
    """
    made = rendering.made_from(folder)
    return {path: file.content for path, file in made.tree.items()}
