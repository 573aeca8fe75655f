"""What an update of an edited project costs, beside two bare generations.

The project has every kind of edit of `tests/test_update.py`. Nothing is cached, the template is a
folder, and locking, checks and tests of the project are left out.
"""

import os
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).parents[1]
sys.path.insert(0, str(TEMPLATE / "tests"))

from published import publish  # noqa: E402
from test_update import EDITS, UPDATE, commit, generated_by  # noqa: E402

from mlsd.engine import change, commands  # noqa: E402


def main() -> None:
    """Generate twice, edit, update; print what each took."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        os.environ["MLSD_CACHE"] = str(place / "cache")
        template = publish(place / "template")
        (place / "config.yaml").write_text("{}", encoding="utf-8")
        before = processor_seconds()
        for version, name in ((template.newest, "new"), (template.older, "old")):
            template.git("checkout", "--quiet", version)
            (place / name).mkdir()
            project, _ = generated_by([str(template.path)], place / name, place / "config.yaml")
        generations = processor_seconds() - before
        template.git("checkout", "--quiet", "main")
        edit(project)
        change.lock = lambda repository: None
        before = processor_seconds()
        commands.main(project.path, "update", [], UPDATE)
        updating = processor_seconds() - before
    print(
        f"\nupdate {updating:.1f} s of processor time, {updating / generations:.1f} times that of"
    )
    print(f"two bare generations ({generations:.1f} s)")


def edit(project) -> None:
    """Do every kind of edit, each in a commit of its own."""
    project.git("config", "user.name", "Ada Example")
    project.git("config", "user.email", "ada@example.com")
    for name, change_files in EDITS.items():
        change_files(project)
        commit(project, name)


def processor_seconds() -> float:
    """Give the processor time of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
