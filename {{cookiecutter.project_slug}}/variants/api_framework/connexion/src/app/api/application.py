"""The application: a Connexion application, which routes and checks requests by `openapi.yaml`.

Connexion is ASGI outside and Flask inside: the handlers are those of a Flask application. It knows
OpenAPI 3.0 only, so it gets the specification without the schemas of the records, which are written
in 3.1; the records are checked by `schema.py`, as in a file.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from connexion import FlaskApp  # type: ignore[import-untyped]
from connexion.exceptions import ProblemException  # type: ignore[import-untyped]
from connexion.lifecycle import ConnexionRequest, ConnexionResponse  # type: ignore[import-untyped]
from connexion.middleware import MiddlewarePosition  # type: ignore[import-untyped]
from connexion.options import SwaggerUIOptions  # type: ignore[import-untyped]
from connexion.validators import ParameterValidator  # type: ignore[import-untyped]
from flask import Flask, redirect
from flask_swagger_ui import get_swaggerui_blueprint
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as Refused
from werkzeug.exceptions import HTTPException, NotFound, RequestTimeout, default_exceptions

from app.api import error_answers, handlers, observe, spec

_BODY_SECONDS = 20.0
"""So long a client may take to send the body of its request."""

_Message = dict[str, Any]


def create_app() -> FlaskApp:
    """Make the application; the champion is loaded by the first request that needs it."""
    logging.getLogger("connexion").setLevel(logging.WARNING)
    app: FlaskApp = FlaskApp(
        "app.api",
        lifespan=lambda _: _storing_what_is_left(app.app),
        swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False),
        validator_map={"body": {}, "parameter": _Parameters},
    )
    handlers.attach(app.app)
    app.add_middleware(_Observed, MiddlewarePosition.BEFORE_EXCEPTION)
    for kind in (HTTPException, Exception):  # the first takes the place of Connexion's own
        app.app.register_error_handler(kind, error_answers.answer)
    for refused in (ProblemException, Refused):
        app.add_error_handler(refused, _answer_refusal)
    list(spec.operations())  # refuses a handler that answers another operation
    specification = spec.load()
    schemas = specification["components"]["schemas"]
    specification["components"]["schemas"] = dict.fromkeys(schemas, {})
    for methods in specification["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)  # identity.py asks, in the handlers, as with Flask
    app.add_api(specification | {"openapi": "3.0.3"}, base_path="")
    app.add_url_rule("/", "page", handlers.page, methods=["GET", "POST"])  # for people only
    app.app.add_url_rule("/docs", "docs", lambda: redirect("/docs/"))
    app.app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.yaml"))
    return app


@asynccontextmanager
async def _storing_what_is_left(app: Flask) -> AsyncIterator[None]:
    """Run until the last request is answered."""
    yield
    app.extensions["serving"].close()


class _Parameters(ParameterValidator):  # type: ignore[misc]
    """Connexion's check of parameters, with a sentence that names the value."""

    @staticmethod
    def validate_parameter(
        parameter_type: str, value: Any, param: dict[str, Any], param_name: str | None = None
    ) -> str | None:
        """Give what is wrong, or None."""
        problem = ParameterValidator.validate_parameter(parameter_type, value, param, param_name)
        return f"{param['name']}={value!r}: {problem.splitlines()[0]}." if problem else None


def _answer_refusal(_request: ConnexionRequest, problem: Refused) -> ConnexionResponse:
    """Give what Connexion itself refuses the one shape of an error."""
    sentence = handlers.SEND_JSON if problem.status_code == 415 else problem.detail
    error = default_exceptions[problem.status_code](sentence)
    content, status, _ = error_answers.answer(error)
    headers = dict(problem.headers or {})
    body = json.dumps(content)
    return ConnexionResponse(status, mimetype="application/json", body=body, headers=headers)


class _Observed:
    """Observes each request, reads its body and sends its answer: the outermost layer.

    A body is read here, where waiting for a slow client holds no thread; and whole, because the
    layer below takes a body without a length, sent in chunks, for an empty one. An answer is sent
    when it is whole, because a thread of the layer below waits until its client has read it.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(
        self, scope: _Message, receive: Any, send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http":
            for message in await self._answer(scope, receive):
                await send(message)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: _Message, receive: Any) -> list[_Message]:
        headers = Headers(scope=scope)
        trace = headers.get("X-Cloud-Trace-Context", "")
        request = observe.begin(headers.get("X-Request-Id", ""), trace)
        scope.setdefault("extensions", {})  # where the routing leaves the operation's name
        answer: list[_Message] = []

        async def keep(message: _Message) -> None:
            if message["type"] == "http.response.start":
                _finish(request, scope, message)
            answer.append(message)

        try:
            body = await _body(scope["path"], receive)
        except HTTPException as refusal:
            await _refuse(keep, refusal)
        else:
            await self._app(scope, _receive_again(scope, body, receive), keep)
        return answer


def _receive_again(scope: _Message, body: bytes, receive: Any) -> Any:
    """Write the length of a body that was read already, and give what receives it again."""
    kept = [pair for pair in scope["headers"] if pair[0] not in _LENGTHS]
    scope["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
    unread = [{"type": "http.request", "body": body}]

    async def receive_again() -> _Message:
        message: _Message = unread.pop() if unread else await receive()
        return message

    return receive_again


_LENGTHS = (b"content-length", b"transfer-encoding")


def _finish(request: observe.Request, scope: _Message, start: _Message) -> None:
    """Observe the start of an answer, and name the request to its client."""
    MutableHeaders(scope=start)["X-Request-Id"] = request.id
    routing = scope["extensions"].get("connexion_routing", {})
    operation = (routing.get("operation_id") or "none").split(".")[-1]
    request.finish(operation, scope["method"], scope["path"], start["status"])


async def _body(path: str, receive: Any) -> bytes:
    """Read a body, but not much more than is taken; raises `HTTPException`."""
    if min(path) < " ":
        raise NotFound(f"{path!r} holds a control character.")
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while more and len(body) <= handlers.MAX_BODY_BYTES:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        raise RequestTimeout(f"the body did not come within {_BODY_SECONDS:.0f} s.") from None
    return bytes(body)


async def _refuse(send: Any, refusal: HTTPException) -> None:
    content, status, _ = error_answers.answer(refusal)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
