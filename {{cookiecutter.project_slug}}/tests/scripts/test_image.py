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


def test_an_image_is_built_asked_measured_and_removed(recorder, asked, capsys):
    shell = recorder(ANSWERS)

    image.measure(shell, "api", 9099)

    verbs = [command.split()[1] for command in shell.commands]
    assert verbs == ["build", "image", "run", "rm"]
    assert "--target=api" in shell.commands[0]
    assert "--publish=127.0.0.1:9099:9099 --env=PORT=9099 api" in shell.commands[2]
    assert asked == ["http://127.0.0.1:9099/health"] * 2
    assert capsys.readouterr().out.startswith("api: 183 MB; first answer 0.")


def test_of_a_container_that_does_not_answer_the_log_is_shown(recorder, monkeypatch):
    def refuse(url):
        raise AppError(f"{url} does not answer well")

    monkeypatch.setattr(image, "ask", refuse)
    monkeypatch.setattr(image, "_SECONDS", 0)
    shell = recorder(ANSWERS)

    with pytest.raises(AppError, match="/health does not answer well"):
        image.measure(shell, "api", 9099)

    last = [command.partition(" ")[2] for command in shell.commands[-2:]]
    assert last == ["logs 0123abc", "rm --force 0123abc"]


def test_an_image_that_does_not_serve_is_told(monkeypatch):
    monkeypatch.setattr("sys.argv", ["image.py", "pipeline"])

    with pytest.raises(ConfigError, match="'pipeline': give one of api"):
        image.main()


@pytest.mark.parametrize(
    ("installed", "engine"),
    [(["docker", "podman"], "docker"), (["podman"], "podman"), ([], "docker")],
)
def test_what_is_installed_builds(monkeypatch, installed, engine):
    monkeypatch.setattr(image.shutil, "which", lambda name: name if name in installed else None)

    assert image.find_engine() == engine
