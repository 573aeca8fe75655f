"""A project is baked once per set of answers; tests then state facts about it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter
from teamwork import FRESH

from mlsd import course_year, evidence

os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # a project's packages are compiled once, not always

TEMPLATE = Path(__file__).parents[1]
STENCIL = TEMPLATE / "{{cookiecutter.project_slug}}"


@dataclass(frozen=True)
class Project:
    """A generated project."""

    path: Path

    def files(self):
        """List the files that git tracks, as texts with forward slashes."""
        return set(self.git("ls-files").splitlines())

    def git(self, *arguments):
        command = ["git", "-C", str(self.path), "-c", "core.quotepath=off", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def run(self, *command, python=sys.executable, **variables):
        """Run a command of the project in its own environment, on the wanted Python."""
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | variables
        environment["PYTHONUTF8"] = "1"
        print(f"  {self.path.name}: {' '.join(command)[:60]}", flush=True)
        full = ["uv", "--directory", str(self.path), "run", "--quiet", "--python", python, *command]
        return subprocess.run(
            full, capture_output=True, text=True, encoding="utf-8", env=environment, check=False
        )

    def poe(self, *arguments, **options):
        """Run a task that must succeed, and give what it printed."""
        done = self.run("poe", *arguments, **options)
        assert done.returncode == 0, (
            f"poe {arguments}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        )
        return done.stdout + done.stderr

    def demo(self, ports, python=sys.executable):
        """Run the demo and give its answer over HTTP, as JSON."""
        printed = self.poe("demo", "--once", python=python, **ports)
        assert "from start to prediction" in printed
        return json.loads(re.search(r"answer (\{.*\})", printed)[1])


@pytest.fixture(scope="session")
def own_home(tmp_path_factory):
    """Keep cookiecutter's configuration and replays out of the tester's home."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "config.yaml").write_text(
        json.dumps({"cookiecutters_dir": str(folder / "c"), "replay_dir": str(folder / "r")}),
        encoding="utf-8",
    )
    return str(folder / "config.yaml")


@pytest.fixture(scope="session")
def bake(tmp_path_factory, own_home):
    """Generate a project in a folder of its own."""

    def generate(template=TEMPLATE, accept_hooks=True, **answers):
        path = cookiecutter(
            str(template),
            no_input=True,
            extra_context=named(answers),
            output_dir=str(tmp_path_factory.mktemp("bake")),
            config_file=own_home,
            accept_hooks=accept_hooks,
        )
        return Project(Path(path))

    return generate


def named(answers):
    """Name answers as cookiecutter.json does: those that are not asked begin with `_`."""
    later = tomllib.loads((TEMPLATE / "parts.toml").read_text(encoding="utf-8"))["later"]
    return {f"_{name}" if name in later else name: value for name, value in answers.items()}


@pytest.fixture(scope="session")
def committed(tmp_path_factory):
    """Commit the template as it is now, so that what it generated can be rendered again."""
    copy = tmp_path_factory.mktemp("template") / "template"
    copy_template(copy)
    commit_all(copy)
    return copy


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep what is rendered for comparison out of the tester's home."""
    os.environ["MLSD_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def baked(bake, committed):
    """Generate a project once, for `fresh`."""
    return bake(template=committed)


@pytest.fixture
def fresh(baked, monkeypatch, tmp_path):
    """Copy a fresh project, so that a test may change it; its pages of numbers are up to date."""
    monkeypatch.setattr(evidence, "_run", lambda project, code: FRESH)
    return Project(Path(shutil.copytree(baked.path, tmp_path / baked.path.name)))


@pytest.fixture
def team(fresh, tmp_path):
    """Start as a team does, with a fresh project on the branch develop, and a place to push to."""
    project = fresh
    project.git("config", "user.name", "Ada Example")
    project.git("config", "user.email", "ada@example.com")
    project.git("init", "--quiet", "--bare", str(tmp_path / "hub.git"))
    project.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    return project


@pytest.fixture
def small(bake, committed, monkeypatch):
    """Start with a project that has no pipeline yet."""
    monkeypatch.setattr(evidence, "_run", lambda project, code: FRESH)
    return bake(template=committed, until_sprint="3")


@pytest.fixture
def edit_year(monkeypatch, tmp_path):
    """Edit the course year, as staff do."""
    page = tmp_path / "years/2026.yaml"
    page.parent.mkdir()
    shutil.copy(course_year.YEARS / page.name, page)
    monkeypatch.setattr(course_year, "YEARS", page.parent)

    def edit(old, new):
        text = page.read_text(encoding="utf-8")
        assert old in text
        page.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


@pytest.fixture
def template_copy(tmp_path):
    """Copy the template, to break it on purpose."""
    copy = tmp_path / "template"
    copy_template(copy)
    return copy


def copy_template(place):
    leave = shutil.ignore_patterns(".git", ".venv", "build", "uv.lock", ".*_cache", "__pycache__")
    shutil.copytree(TEMPLATE, place, ignore=leave)


def commit_all(folder):
    """Commit what is in a folder, and begin a repository there if there is none."""
    identity = ("-c", "user.name=Staff", "-c", "user.email=staff@example.com")
    for command in (["init"], ["add", "--all"], ["commit", "--no-verify", "-m", "Change"]):
        subprocess.run(
            ["git", "-C", str(folder), *identity, *command], check=True, stdout=subprocess.DEVNULL
        )


@pytest.fixture
def free_ports():
    """Give the variables of two ports that are free now."""
    return find_ports()


def find_ports():
    """Find two ports that are free now, by the variables that choose them."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = [str(one.getsockname()[1]), str(two.getsockname()[1])]
    return dict(zip(("PORT", "STREAMLIT_SERVER_PORT"), ports, strict=True))


def find_python(version):
    """Find an interpreter that works; one on the path may be a shim of pyenv that does not."""
    for folder in os.environ["PATH"].split(os.pathsep):
        found = shutil.which(f"python{version}", path=folder)
        if (
            found
            and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0
        ):
            return found
    return pytest.skip(f"Python {version} is not installed")


def pytest_terminal_summary(terminalreporter):
    """Print what each file of tests took, and the figures that tests measured."""
    took, figures = Counter(), []
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            took[report.location[0]] += report.duration
            if report.when == "teardown":
                lines = report.capstdout.splitlines()
                figures += [line[8:] for line in lines if line.startswith("figure: ")]
    terminalreporter.section("seconds of each file, and figures")
    for name, seconds in took.most_common(12):
        terminalreporter.line(f"{seconds:7.0f} s  {name}")
    for figure in sorted(figures):
        terminalreporter.line(f"figure: {figure}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure where the tools must be there (FORBID_SKIPS=1)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which FORBID_SKIPS does not allow: {report.longrepr}"
