"""What a team's data may hold: each situation is accepted, or refused in a sentence."""

import re

import doors
import pytest
from conftest import TEMPLATE

PAGE = TEMPLATE / "docs/doors.md"
INSTALLED = "import sys; print(sys.executable)"


@pytest.fixture(scope="module")
def project(bake):
    """Generate a project, to be installed once for all situations."""
    return bake()


@pytest.fixture(scope="module")
def python(project):
    """Install the project, and name its interpreter."""
    return project.run("python", "-c", INSTALLED).stdout.strip()


@pytest.mark.full
@pytest.mark.xdist_group("doors")
@pytest.mark.parametrize("door", doors.DOORS, ids=[door.name for door in doors.DOORS])
def test_it_is_accepted_or_refused_in_a_sentence(project, python, tmp_path, door):
    code, said = doors.tell(door, project.path, tmp_path, python)

    assert "Traceback" not in said
    assert re.search(door.says, said, re.DOTALL), said
    assert (code == 0) is door.passes, said


def test_the_page_lists_every_situation():
    page = PAGE.read_text(encoding="utf-8")

    rows = re.findall(r"^\| (.+?) \| (accepted|refused) \| (.+) \|$", page, re.MULTILINE)
    assert [name for name, _, _ in rows] == [door.name for door in doors.DOORS], "`poe doors`"
    for (_, verdict, said), door in zip(rows, doors.DOORS, strict=True):
        assert verdict == ("accepted" if door.passes else "refused")
        assert re.search(door.says, said, re.DOTALL), door.name


def test_no_situation_is_there_twice():
    names = [door.name for door in doors.DOORS]

    assert len(set(names)) == len(names)
