"""Settings, read from the environment when asked and never on import."""

import os
import socket
from pathlib import Path
from typing import NamedTuple

from app.errors import ConfigError


class Settings(NamedTuple):
    """Where this process runs, and where it finds what it needs."""

    source: Path
    local_store: Path
    host: str
    port: int
    dashboard_port: int
    api_url: str


def load_settings() -> Settings:
    """Read the settings; a variable that is set but empty counts as not set.

    Raises
    ------
    ConfigError
        `APP_ENV` is not `local`, or a port is not a port number.
    """
    app_env, port = _read("APP_ENV", "local"), _read_port("PORT", "8080")
    if app_env != "local":
        raise ConfigError(f"APP_ENV={app_env!r} is not known: unset it, or set it to 'local'.")
    return Settings(
        source=Path(_read("DATA_SOURCE", "data/sample.csv")),
        local_store=Path(_read("LOCAL_STORE", "local")),
        host=_read("HOST", "127.0.0.1"),
        port=port,
        dashboard_port=_read_port("STREAMLIT_SERVER_PORT", "8501"),
        api_url=_read("API_URL", f"http://127.0.0.1:{port}").rstrip("/"),
    )


def require_free_port(host: str, port: int, variable: str) -> None:
    """Refuse a port that another program listens on, with the variable that changes it."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            raise ConfigError(
                f"port {port} is in use: stop the other program, or set {variable} to a free port."
            )


def _read(name: str, default: str) -> str:
    return os.environ.get(name) or default


def _read_port(name: str, default: str) -> int:
    text = _read(name, default)
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"{name}={text!r} is not a port: give a whole number from 1 to 65535.")
