"""What a team writes into its project, done here by the evidence that a workpackage asks for."""

import json
import os
import re
import subprocess

from mlsd import course, evidence, progress
from mlsd.project import Project

FRESH = subprocess.CompletedProcess([], 0, stdout="the numbers of the champion", stderr="")
WORDS = """We watch {n} nests from a hide {n} metres away, because {n} visitors a day disturb
the birds less than one biologist with scales does; a wrong answer costs a second catch, which we
avoid by asking twice whenever probability stays below ninety percent, as station {n} agreed."""
PNG = b"\x89PNG" + os.urandom(6000)
OWN_TESTS = """from app.contract import columns


def test_{n}_features_are_known():
    assert len(columns.features()) > {n}
"""


def write(project, path, text, more=False):
    file = project.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text(encoding="utf-8") if more else ""
    file.write_text(before + text, encoding="utf-8")


def leave_out(project, number, reason):
    """Decide against a workpackage."""
    write(project, course.FILE, f'  "{number}": {reason}\n', more=True)


def words_of(project):
    """Read the states by number, as the command would tell them."""
    known = course.read(project.path)
    looked = Project(project.path)
    return {one.number: progress.judge(looked, one).word for one in known.workpackages}


def section(text, heading, body):
    """Write below a heading."""
    return re.sub(rf"^(#+ {heading})$", rf"\1\n\n{body}\n", text, flags=re.MULTILINE)


def fill(project, wanted, n):
    """Do what one piece of evidence asks for, as a diligent team would."""
    ((kind, about),) = wanted.items()
    FILLS[kind](project, about, n)


def fill_words(project, about, n):
    body = "\n\n".join(WORDS.format(n=f"{chr(97 + i)}{chr(97 + n % 26)}x") for i in range(6))
    path, heading = project.path / about["in"], about.get("under")
    text = path.read_text(encoding="utf-8")
    path.write_text(section(text, heading, body) if heading else text + body, encoding="utf-8")


def fill_says(project, about, n):
    write(project, about["in"], f"\n{about['example']}\n", more=True)


def fill_image(project, about, n):
    folder = (project.path / about["in"]).parent
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures/seen.png").write_bytes(PNG)
    write(project, about["in"], "\n![what we saw](figures/seen.png)\n", more=True)


def fill_tests(project, about, n):
    for i in range(about["least"]):
        write(project, f"tests/test_own_{i}.py", OWN_TESTS.format(n=i))


def fill_merges(project, about, n):
    for i in range(about["least"]):
        project.git("switch", "--quiet", "-c", f"feature/{i}")
        write(project, f"docs/note{i}.txt", str(i))
        commit(project)
        project.git("switch", "--quiet", "develop")
        project.git("merge", "--quiet", "--no-ff", f"feature/{i}")


def fill_answer(project, about, n):
    path = project.path / ".cruft.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["context"]["cookiecutter"][about["question"]] = "our-own-answer"
    path.write_text(json.dumps(record), encoding="utf-8")


def fill_changed(project, about, n):
    if about.endswith(".csv"):
        return write(project, about, "age,label\n" + "".join(f"{i},x\n" for i in range(50)))
    own = {".py": "OURS = 1", ".yaml": "x-ours: 1"}.get(f".{about.rpartition('.')[2]}", "ours")
    return write(project, about, f"\n{own}\n", more=True)


def fill_facts(project, about, n):
    text = (project.path / about).read_text(encoding="utf-8")
    write(project, about, text.replace(evidence.UNWRITTEN, "| facts |"))


FILLS = {
    "facts": fill_facts,
    "words": fill_words,
    "changed": fill_changed,
    "fresh": lambda project, about, n: write(project, about, FRESH.stdout),
    "says": fill_says,
    "image": fill_image,
    "tests": fill_tests,
    "branches": lambda project, about, n: None,
    "merges": fill_merges,
    "answer": fill_answer,
}


def commit(project):
    project.git("add", "--all")
    project.git("commit", "--quiet", "--no-verify", "-m", "Work")
    project.git("push", "--quiet", "origin", "main", "develop")


def work(project, milestone_number):
    """Do every workpackage of a milestone."""
    for n, one in enumerate(course.read(project.path).workpackages):
        if one.milestone == milestone_number:
            for wanted in one.done:
                fill(project, wanted, n)
    commit(project)
