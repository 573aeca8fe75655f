"""The API: a Flask application whose routes are those of its contract, `openapi.yaml`."""

from flask import Flask, Response, request
from flask_swagger_ui import get_swaggerui_blueprint

from app.api import errors, handlers, observe, spec


def create_app() -> Flask:
    """Make the application; the champion is loaded by the first request that needs it."""
    app = Flask(__name__)
    handlers.attach(app)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(Exception, errors.told)
    for operation in spec.operations():
        rule = operation.path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, operation.name, operation.function, methods=[operation.method])
    app.add_url_rule("/", "page", handlers.page, methods=["GET", "POST"])  # for people only
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.yaml"))
    return app


def _begin() -> None:
    observe.begin(request.headers.get)


def _finish(response: Response) -> Response:
    seen = observe.current()
    seen.finish(request.endpoint or "none", request.method, request.path, response.status_code)
    response.headers["X-Request-Id"] = seen.id
    return response
