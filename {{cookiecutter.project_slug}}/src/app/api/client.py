"""Ask the API as its clients do: over HTTP, at its address, with an identity if it is private."""

# pylint: disable=import-outside-toplevel # the API reads its port here, and asks nobody

import logging
import socket
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import HttpUrl, ValidationError

from app.config import load_cloud, read
from app.errors import AppError, ConfigError, InvalidData

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 5.0
_log = logging.getLogger(__name__)


class ApiUnavailable(AppError):
    """The API does not answer its client, refuses it, or is something else."""


def read_port(name: str, default: str) -> int:
    """Read a variable that is a port."""
    text = read(name, default)
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"{name}={text!r} is not a port: give a whole number from 1 to 65535.")


def require_free_port(host: str, port: int, variable: str) -> None:
    """Refuse a port that another program listens on, with the variable that changes it."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            raise ConfigError(
                f"port {port} is in use: stop the other program, or set {variable} to a free port."
            )


def api_url() -> str:
    """Give the API's address, `API_URL`, which on a laptop need not be set.

    Raises
    ------
    ConfigError
        It is no address.
    """
    text = read("API_URL", "") or f"http://127.0.0.1:{read_port('PORT', '8080')}"
    try:
        address = HttpUrl(text)
    except ValidationError:
        address = None
    if address is None or address.query or address.fragment:
        raise ConfigError(
            f"API_URL={text!r} is not an address: give http:// or https://, a host, and a port if "
            "it has its own, as in http://127.0.0.1:8080."
        )
    return text.rstrip("/")


def require_api_url() -> str:
    """Give the API's address; away from a laptop nobody can guess it."""
    cloud = load_cloud()
    if cloud and not read("API_URL", ""):
        raise ConfigError(
            f"API_URL is not set, and the API of {cloud.app_env} is not on this machine: "
            "set it to what `terraform -chdir=terraform output -raw api_url` prints."
        )
    return api_url()


def ask(path: str, body: Any = None, seconds: float = 60.0) -> Any:
    """Send a request, with a body as POST, and give the answer's JSON, or its text if it has none.

    Raises
    ------
    InvalidData
        The API says in sentences what is wrong with the request.
    ApiUnavailable
        It does not answer within `seconds`, refuses us, or is not our API.
    """
    import requests

    url, method = f"{api_url()}{path}", "GET" if body is None else "POST"
    wait, headers = (CONNECT_SECONDS, seconds), _identity(url)
    try:
        response = requests.request(method, url, json=body, headers=headers, timeout=wait)
    except requests.ReadTimeout:
        raise ApiUnavailable(
            f"{url} did not answer within {seconds:g} s: it is busy, or its container just starts. "
            "Try again."
        ) from None
    except requests.RequestException as error:
        cloud = load_cloud()
        start = "Start it with `uv run poe api`"
        remedy = f"See the log of api-{cloud.app_env}" if cloud else start
        raise ApiUnavailable(
            f"the API does not answer at {url} ({type(error).__name__}). {remedy}, then try again."
        ) from None
    return _content(response)


def _content(response: "requests.Response") -> Any:
    if response.status_code in (401, 403):
        raise ApiUnavailable(
            f"{response.url} refuses us ({response.status_code}): this process has no identity "
            "that may ask it; docs/API.md says how to get one."
        )
    kind = response.headers.get("Content-Type", "")
    if response.ok and kind.startswith("text/plain"):
        return response.text
    try:
        content = response.json()
        problems = [] if response.ok else [str(problem) for problem in content["error"]["problems"]]
        is_ours = isinstance(content, dict) and (response.ok or problems)
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours or (response.ok and "/predict" in response.url and "predictions" not in content):
        raise ApiUnavailable(
            f"{response.url} answers {response.status_code}, but not as our API does: "
            "is API_URL its address?"
        )
    if problems:
        raise (InvalidData if response.status_code < 500 else ApiUnavailable)(*problems)
    return content


def _identity(url: str) -> dict[str, str]:
    """Prove who we are, if we can: a public API asks for it only where others' records are.

    Cloud Run takes the signature from the header that it looks at, so a private API gets two.
    """
    if not url.startswith("https://"):
        return {}
    token = read("IDENTITY_TOKEN", "") or _own_token("/".join(url.split("/")[:3]))
    bearer = f"Bearer {token}"
    return {"Authorization": bearer, "X-Serverless-Authorization": bearer} if token else {}


def _own_token(audience: str) -> str:
    """Give a token of the account that this runs as on Google Cloud, or nothing."""
    credentials = _credentials(audience) if load_cloud() else None
    if credentials is None:
        return ""
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials.before_request(Request(), "GET", audience, {})
    except GoogleAuthError as error:
        _log.warning("asking %s without an identity: %s", audience, error)
        return ""
    return str(credentials.token)


@cache
def _credentials(audience: str) -> Any:
    """Give this workload's identity towards one address; a person's login has none to give."""
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import Request
    from google.oauth2 import id_token

    try:
        return id_token.fetch_id_token_credentials(audience, Request())
    except DefaultCredentialsError as error:
        _log.warning("asking %s without an identity: %s", audience, error)
        return None
