"""One image: built, started, asked, measured, removed; without a program that does so."""

import image
import pytest

from app.errors import AppError, ConfigError

pytestmark = [pytest.mark.service, pytest.mark.unit]

ANSWERS = {"image inspect": '[{"Size": 183000000}]', "run --detach": "0123abc"}


@pytest.fixture
def asked(monkeypatch):
    """Have containers answer at the second question; give the addresses that were asked."""
    urls = []

    def ask(url):
        urls.append(url)
        if len(urls) == 1:
            raise AppError("not yet")
        return b'{"status": "ok"}\n'

    monkeypatch.setattr(image, "ask", ask)
    return urls


def test_an_image_is_built_asked_measured_and_removed(recorder, asked, capsys, free_port):
    shell = recorder(ANSWERS)

    image.measure(shell, "api")

    verbs = [command.split()[1] for command in shell.commands]
    assert verbs == ["build", "image", "run", "run", "rm"]
    assert "--target=api" in shell.commands[0]
    assert "--rm api sh -c cd" in shell.commands[2]
    options = f"--publish=127.0.0.1:{free_port}:{free_port} --env=PORT={free_port} api"
    assert options in shell.commands[3]
    assert asked == [f"http://127.0.0.1:{free_port}/health"] * 2
    assert capsys.readouterr().out.startswith("api: 183 MB; first answer 0.")


@pytest.mark.usefixtures("free_port")
def test_of_a_container_that_does_not_answer_the_log_is_shown(recorder, monkeypatch):
    def refuse(url):
        raise AppError(f"{url} does not answer well")

    monkeypatch.setattr(image, "ask", refuse)
    monkeypatch.setattr(image, "_SECONDS", 0)
    shell = recorder(ANSWERS)

    with pytest.raises(AppError, match="/health does not answer well"):
        image.measure(shell, "api")

    last = [command.partition(" ")[2] for command in shell.commands[-2:]]
    assert last == ["logs 0123abc", "rm --force 0123abc"]


def test_an_image_that_does_not_serve_is_not_started(recorder, capsys):
    shell = recorder(ANSWERS)

    image.measure(shell, "pipeline")

    assert [command.split()[1] for command in shell.commands] == ["build", "image", "run"]
    assert capsys.readouterr().out == "pipeline: 183 MB\n"


def test_an_image_that_is_none_is_told(monkeypatch):
    monkeypatch.setattr("sys.argv", ["image.py", "apo"])

    with pytest.raises(ConfigError, match="'apo': give one of api, .*pipeline"):
        image.main()


@pytest.mark.parametrize(
    ("installed", "engine"),
    [(["docker", "podman"], "docker"), (["podman"], "podman"), ([], "docker")],
)
def test_what_is_installed_builds(monkeypatch, installed, engine):
    monkeypatch.setattr(image.shutil, "which", lambda name: name if name in installed else None)

    assert image.find_engine() == engine
