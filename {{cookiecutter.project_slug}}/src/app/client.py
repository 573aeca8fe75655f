"""Ask the API as its clients do: over HTTP, at its address, with an identity if it is private."""

# pylint: disable=import-outside-toplevel # a laptop needs no identity

import logging
from functools import cache
from typing import Any

import requests

from app.config import load_settings
from app.errors import ApiUnavailable, InvalidData

CONNECT_SECONDS = 5.0
_log = logging.getLogger(__name__)


def ask(path: str, body: Any = None, seconds: float = 60.0) -> Any:
    """Send a request, with a body as POST, and give the answer's JSON, or its text if it has none.

    Raises
    ------
    InvalidData
        The API says in sentences what is wrong with the request.
    ApiUnavailable
        It does not answer within `seconds`, refuses us, or is not our API.
    """
    url = f"{load_settings().api_url}{path}"
    try:
        response = requests.request(
            "GET" if body is None else "POST",
            url,
            json=body,
            headers=_identity(url),
            timeout=(CONNECT_SECONDS, seconds),
        )
    except requests.ReadTimeout:
        raise ApiUnavailable(
            f"{url} did not answer within {seconds:g} s: it is busy, or its container just starts. "
            "Try again."
        ) from None
    except requests.RequestException as error:
        raise ApiUnavailable(
            f"the API does not answer at {url} ({type(error).__name__}). "
            f"{_remedy()}, then try again."
        ) from None
    return _content(response)


def _content(response: requests.Response) -> Any:
    if response.status_code in (401, 403):
        raise ApiUnavailable(
            f"{response.url} refuses us ({response.status_code}): the API is private, and this "
            "process has no identity that may ask it; see docs/DEPLOYMENT.md."
        )
    kind = response.headers.get("Content-Type", "")
    if response.ok and kind.startswith("text/plain"):
        return response.text
    try:
        content = response.json()
        problems = [] if response.ok else [str(one) for one in content["error"]["problems"]]
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


def _remedy() -> str:
    cloud = load_settings().cloud
    return f"See the log of api-{cloud.app_env}" if cloud else "Start it with `uv run poe api`"


def _identity(url: str) -> dict[str, str]:
    """Prove on Google Cloud who we are; a public API does not look at it."""
    headers: dict[str, str] = {}
    if load_settings().cloud and url.startswith("https://"):
        credentials = _credentials("/".join(url.split("/")[:3]))
        if credentials is not None:
            from google.auth.exceptions import GoogleAuthError
            from google.auth.transport.requests import Request

            try:
                credentials.before_request(Request(), "GET", url, headers)
            except GoogleAuthError as error:
                raise ApiUnavailable(f"no identity to ask {url} with: {error}.") from None
    return headers


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
