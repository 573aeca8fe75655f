"""The application: a Flask application whose routes are those of `openapi.yaml`."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from flask_swagger_ui import get_swaggerui_blueprint

from app.api import error_answers, handlers, observe, spec


def create_app() -> Flask:
    """Make the application; the champion is loaded by the first request that needs it."""
    app = Flask(__name__)
    handlers.attach(app)
    app.wsgi_app = _observed(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.register_error_handler(Exception, error_answers.answer)
    for operation in spec.operations():
        rule = operation.path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, operation.name, operation.function, methods=[operation.method])
    app.add_url_rule("/", "page", handlers.page, methods=["GET", "POST"])  # for people only
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.yaml"))
    return app


def _observed(application: WSGIApplication) -> WSGIApplication:
    """Observe each request, and name it to its client: the outermost layer."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        trace = environ.get("HTTP_X_CLOUD_TRACE_CONTEXT", "")
        observed = observe.begin(environ.get("HTTP_X_REQUEST_ID", ""), trace)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            endpoint, code = request.endpoint or "none", int(status.partition(" ")[0])
            observed.finish(endpoint, request.method, request.path, code)
            return start_response(status, [*headers, ("X-Request-Id", observed.id)], *error)

        return application(environ, start)

    return answer
