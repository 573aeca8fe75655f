"""The rooms of a project: what each may cost, who imports whom, and that both are seen."""

import runpy
import shutil
import tomllib

import pytest
from conftest import STENCIL, TEMPLATE

from mlsd import rooms

BUDGETS = {
    "the frame": 190,
    "contract": 385,
    "storage": 595,
    "data": 323,
    "registry": 325,
    "training": 603,
    "reports": 200,
    "history": 135,
    "api": 718,
    "pipeline": 447,
    "dashboard": 980,
    "monitoring": 275,
}
"""Lines of code that a room may have: a new need is paid by its own room."""


@pytest.fixture(scope="module")
def package(bake):
    return bake().path / "src/app"


def test_each_room_keeps_to_its_budget(package):
    read = rooms.read(package)
    print("\n".join(rooms.as_table(read)))

    assert {room.name: room.lines for room in read if room.lines > BUDGETS[room.name]} == {}
    assert [room.name for room in read] == list(BUDGETS)
    assert sum(room.lines for room in read) <= 5156


def test_a_room_that_an_answer_brings_keeps_to_its_budget_too(bake):
    read = rooms.read(bake(optimisation="yes").path / "src/app")

    (room,) = [room for room in read if room.name not in BUDGETS]
    assert room.name == "optimisation"
    assert room.lines <= 750
    assert list(rooms.find_upward(read)) == []


def test_functions_fit_a_screen(package):
    lengths = rooms.function_lengths(package)
    longest = sorted(lengths.values())

    assert not {name: lines for name, lines in lengths.items() if lines > 30}
    assert longest[int(len(longest) * 0.9)] <= 20


@pytest.mark.parametrize("folder", ["src/app", "variants"])
def test_functions_that_an_answer_brings_fit_a_screen_too(folder):
    lengths = rooms.function_lengths(STENCIL / folder)

    assert lengths
    assert not {name: lines for name, lines in lengths.items() if lines > 30}


def test_no_folder_has_more_modules_than_a_reader_can_hold(package):
    for folder in [package, *(path.parent for path in package.rglob("__init__.py"))]:
        assert len(list(folder.glob("*.py"))) <= 12, folder


def test_imports_go_one_way(package):
    assert list(rooms.find_upward(rooms.read(package))) == []


def test_an_import_of_a_later_room_is_seen(package, tmp_path, capsys):
    shutil.copytree(package, tmp_path / "src/app")
    with (tmp_path / "src/app/data/split.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom app.api import client\n")

    assert rooms.main(tmp_path, markdown=False) == 1
    assert "data imports api, which is below it" in capsys.readouterr().out


def test_lines_that_are_no_code_do_not_count(tmp_path):
    code = tmp_path / "module.py"
    code.write_text('"""Docs.\n\nMore.\n"""\n\n# why\nx = 1\n"""About x."""\n', encoding="utf-8")

    assert rooms.code_lines(code.read_text(encoding="utf-8")) == 1


def test_the_drawing_holds_every_room(package, capsys):
    assert rooms.main(package.parents[1], markdown=True) == 0

    printed = capsys.readouterr().out
    assert "```mermaid" in printed
    assert all(f"`{name}/`" in printed for name in list(BUDGETS)[1:])
    assert "  pipeline --> api" in printed


def test_somewhere_else_is_told(tmp_path, capsys):
    assert rooms.main(tmp_path, markdown=False) == 2
    assert "has no src/app" in capsys.readouterr().out


def test_the_page_shows_the_rooms_of_a_fresh_project(package):
    page = (TEMPLATE / "docs/rooms.md").read_text(encoding="utf-8")
    table = "\n".join(rooms.as_markdown(rooms.read(package)))

    assert table in page, "run `uv run poe rooms`"


@pytest.mark.full
@pytest.mark.parametrize("way", ["row", "request"])
def test_the_way_of_the_data_is_short_and_drawn(package, way):
    drawing = runpy.run_path(str(TEMPLATE / "scripts/rooms.py"))
    files = drawing["data_path"].files(package.parents[1], way)

    assert len(files) <= {"row": 8, "request": 7}[way], files
    page = (TEMPLATE / "docs/rooms.md").read_text(encoding="utf-8")
    assert drawing["draw"](way, files) in page, "run `uv run poe rooms`"
    walkthrough = (package.parents[1] / "docs/WALKTHROUGH.md").read_text(encoding="utf-8")
    assert " → ".join(f"`src/app/{name}`" for name in files) in walkthrough


def test_every_move_is_written_down():
    """An update of a generated project follows these; a later version may move a file again."""
    moves = tomllib.loads((TEMPLATE / "renames.toml").read_text(encoding="utf-8"))
    moved_again = set()

    for version, renamed in reversed(moves.items()):
        assert version
        for old, new in renamed.items():
            assert not (STENCIL / old).exists() or old.endswith("__init__.py"), old
            assert (STENCIL / new).exists() or new in moved_again, new
        moved_again |= set(renamed)
