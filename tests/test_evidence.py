"""What counts as evidence: words, tests, pictures and pages of a team's own, and current ones."""

import hashlib
import shutil
import subprocess

import pytest
from teamwork import FRESH, PNG, WORDS, fill_facts, fill_image, section, write

from mlsd import evidence
from mlsd.project import Project


@pytest.mark.parametrize(
    "text",
    [
        "word " * 300,
        "Lorem ipsum dolor sit amet " + "consectetur adipiscing elit sed eiusmod " * 30,
        "```\n" + WORDS * 3 + "\n```\n",
        "`" + WORDS.replace("\n", " ") * 3 + "`",
        "\n".join(f"![{WORDS[:80]}](x{n}.png)" for n in range(50)),
        "> Which decision becomes better or faster, for whom? What do they do today?",
        f"<!-- {WORDS * 3} -->",
        f"<!-- {WORDS * 3}",
        f"<!-- facts: x -->\n{WORDS * 3}\n<!-- end of facts -->",
        "\n".join(f"[{n}]: https://example.com '{WORDS[:80]}'" for n in range(50)),
    ],
    ids=[
        *("one word", "filler", "code", "code in a line", "links", "the prompt"),
        *("a comment", "a comment without end", "facts of poe cards", "definitions of links"),
    ],
)
def test_words_that_are_none_do_not_count(team, text):
    write(team, "docs/API.md", f"\n{text}\n", more=True)

    assert Project(team.path).own_words("docs/API.md") < 60


def test_pages_of_the_template_copied_into_another_do_not_count(team):
    for page in sorted((team.path / "docs").glob("*.md")):
        write(team, "docs/PROJECT_CARD.md", page.read_text(encoding="utf-8"), more=True)

    assert Project(team.path).own_words("docs/PROJECT_CARD.md") == 0


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("assert True", False),
        ("pass", False),
        ("x = 1\n    assert x == 1", False),
        ("print(len([]))", False),
        ("assert len([1]) == 1", True),
        ("with pytest.raises(ValueError):\n        int('x')", True),
        ("assert len('x') or True", False),
        ("return\n    assert len('x') == 1", False),
        ("np.testing.assert_allclose(len('x'), 1)", True),
    ],
)
@pytest.mark.parametrize("mark", ["", "async ", "\ufeff", "@pytest.mark.skip\n"])
def test_only_tests_that_can_fail_count(team, body, counts, mark):
    write(team, "tests/test_own.py", f"{mark}def test_own():\n    {body}\n")

    assert bool(Project(team.path).own_tests()) == (counts and "skip" not in mark)


def test_the_template_s_tests_copied_under_other_names_do_not_count(team):
    text = (team.path / "tests/training/test_gate.py").read_text(encoding="utf-8")
    write(team, "tests/test_ours.py", text.replace("def test_", "def test_our_"))
    shutil.copy(team.path / "tests/training/test_gate.py", team.path / "tests/test_other.py")

    assert Project(team.path).own_tests() == []


def test_words_below_a_subheading_count_and_a_heading_that_is_gone_is_told(team):
    page, heading = "docs/DATA.md", "Our choice of the store"
    text = (team.path / page).read_text(encoding="utf-8")
    write(team, page, section(text, heading, f"### Alternatives\n\n{WORDS}"))
    assert Project(team.path).own_words(page, heading) > 40
    write(team, page, text.replace(heading, "Our choice"))

    finding = evidence.look(
        Project(team.path), {"words": {"in": page, "under": heading, "least": 60}}
    )

    assert finding.seen == "no such heading"


@pytest.mark.parametrize(
    ("path", "text", "own"),
    [
        ("src/app/schema.py", "\n# a comment\n", False),
        ("src/app/schema.py", "\nOURS = 1\n", True),
        ("src/app/api/openapi.yaml", "\n# a comment\n", False),
        ("data/sample.csv", "Adelie,Dream,True,30,15,200,3000,8,-25,MALE\n", False),
        ("data/sample.csv", "Adelie,Dream,True,30,15,200,3000,8,-25,MALE\n" * 999, False),
    ],
)
def test_a_comment_or_a_row_does_not_make_a_file_your_own(team, path, text, own):
    write(team, path, text, more=True)

    assert evidence.look(Project(team.path), {"changed": path}).right == own


@pytest.mark.parametrize("content", [b"x" * 6000, PNG[:100]], ids=["no picture", "a tiny one"])
def test_a_picture_that_is_none_does_not_count(team, content):
    fill_image(team, {"in": "docs/API.md"}, 0)
    looked = {"image": {"in": "docs/API.md"}}
    assert evidence.look(Project(team.path), looked).right
    (team.path / "docs/figures/seen.png").write_bytes(content)

    assert not evidence.look(Project(team.path), looked).right


def test_a_page_with_other_numbers_than_the_run_is_red(team):
    write(team, "docs/EDA.md", "numbers of last month")

    finding = evidence.look(Project(team.path), {"fresh": "docs/EDA.md"})

    assert (finding.right, finding.seen) == (False, "other numbers")


def test_facts_of_another_time_are_red(team, monkeypatch):
    looked = {"facts": "docs/MODEL_CARD.md"}
    assert evidence.look(Project(team.path), looked).seen == "not written yet"
    fill_facts(team, "docs/MODEL_CARD.md", 0)
    assert evidence.look(Project(team.path), looked).right
    stale = subprocess.CompletedProcess([], 1, stdout="", stderr="facts of another time")
    monkeypatch.setattr(evidence, "_run", lambda project, code: stale)

    assert not evidence.look(Project(team.path), looked).right


def test_a_figure_that_is_gone_or_of_another_time_is_red(team, monkeypatch):
    text = f"{FRESH.stdout} ![x](figures/eda.png)"
    write(team, "docs/EDA.md", text)
    now = subprocess.CompletedProcess([], 0, stdout=text, stderr="")
    monkeypatch.setattr(evidence, "_run", lambda project, code: now)
    figure = team.path / "docs/figures/eda.png"
    figure.parent.mkdir(exist_ok=True)

    def look():
        return evidence.look(Project(team.path), {"fresh": "docs/EDA.md"})

    for content in (b"", PNG, b"x" * 6000 + hashlib.sha256(text.encode()).hexdigest().encode()):
        figure.write_bytes(content)
        assert look().seen == "docs/figures/eda.png is absent or of another time"
    figure.write_bytes(PNG + hashlib.sha256(text.encode()).hexdigest().encode())
    assert look().right


def test_what_cannot_be_compared_here_is_neither_right_nor_wrong(team, monkeypatch):
    write(team, "docs/RUNS.md", "numbers")
    fill_facts(team, "docs/MODEL_CARD.md", 0)
    for looked, done in (
        ({"fresh": "docs/RUNS.md"}, ([], 1, "", "app.errors.NotFound: there is no model")),
        ({"facts": "docs/MODEL_CARD.md"}, ([], 3, "", "")),
    ):
        answer = subprocess.CompletedProcess(*done)
        monkeypatch.setattr(evidence, "_run", lambda project, code, answer=answer: answer)
        finding = evidence.look(Project(team.path), looked)
        assert finding.seen == "cannot be compared: the models are not on this machine"
        assert "set APP_ENV" in finding.next_step
