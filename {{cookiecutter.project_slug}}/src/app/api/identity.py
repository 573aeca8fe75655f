"""Who may see or change what others asked.

In the cloud the service is public, so Cloud Run looks at nobody: the API itself checks an identity
token of Google. On a laptop everything is open.
"""

# pylint: disable=import-outside-toplevel # a laptop needs no identity

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from werkzeug import exceptions

from app.config import load_cloud, read

CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
"""Where Google publishes with which keys it signs."""

_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
_KEPT_SECONDS = 600
_SKEW_SECONDS = 10
_STRIPPED = "SIGNATURE_REMOVED_BY_GOOGLE"


def require(authorization: str) -> None:
    """Refuse whoever is not one of `API_ACCOUNTS`; both variables come from terraform/api.tf.

    Raises
    ------
    werkzeug.exceptions.HTTPException
        401 without a good token for the address `API_URL`, 403 for a stranger, 503 without Google.
    """
    if load_cloud() is None:
        return
    address, accounts = read("API_URL", ""), read("API_ACCOUNTS", "").split()
    if not address or not accounts:
        raise exceptions.Forbidden(
            "nobody may ask this here, because API_URL or API_ACCOUNTS is not set: "
            "`uv run poe cloud-up` sets both."
        )
    email = _email(authorization, address)
    if email not in accounts:
        raise exceptions.Forbidden(
            f"{email!r} may not ask this: it is not one of API_ACCOUNTS, which are in "
            "terraform/api.tf. docs/API.md says how a member of the team asks."
        )


def _email(authorization: str, address: str) -> str:
    """Give the address in a token that is good."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("no identity token came", address)
    if token.endswith(_STRIPPED):  # a private service looked at it; but anybody can write so
        problem = (
            "Cloud Run took the signature away: send the token as X-Serverless-Authorization too"
        )
        raise _unauthorized(problem, address)
    claims = _claims(token, address)
    if claims.get("iss") not in _ISSUERS:
        raise _unauthorized(f"the token is from {claims.get('iss')!r}, not from Google", address)
    if claims.get("email_verified") is not True:
        raise _unauthorized("the token says no verified e-mail, see --include-email", address)
    return str(claims.get("email"))


def _claims(token: str, address: str) -> Mapping[str, Any]:
    """Read a token whose signature, times and audience are good."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.oauth2 import id_token

    fetch: Any = _fetch  # a function will do where google-auth wants its class
    try:
        claims: Mapping[str, Any] = id_token.verify_token(
            token, fetch, address, CERTIFICATES, _SKEW_SECONDS
        )
    except TransportError as error:
        raise exceptions.ServiceUnavailable(f"Google's keys cannot be read: {error}") from None
    except (GoogleAuthError, ValueError, RecursionError) as error:
        raise _unauthorized(f"the token is not good ({str(error)[:150]})", address) from None
    return claims


def _unauthorized(problem: str, address: str) -> exceptions.Unauthorized:
    remedy = f"send `Authorization: Bearer TOKEN` with Google's identity token for {address}"
    return exceptions.Unauthorized(f"{problem}: {remedy}, see docs/API.md.")


def _fetch(url: str, **_: Any) -> Any:
    """Ask for Google's keys as google-auth does, but not for each request."""
    return _kept(url, time.monotonic() // _KEPT_SECONDS)


@lru_cache(maxsize=1)
def _kept(url: str, _period: float) -> Any:
    from google.auth.exceptions import TransportError
    from google.auth.transport.requests import Request

    response = Request()(url, timeout=5)
    if response.status != 200:  # an error must not be remembered
        raise TransportError(f"{url} answers {response.status}.")
    return response
