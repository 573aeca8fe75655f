"""The application: a Flask application whose routes are those of `openapi.yaml`."""

from flask import Flask
from flask_swagger_ui import get_swaggerui_blueprint

from app.api import error_answers, handlers, observe, spec


def create_app() -> Flask:
    """Make the application; the champion is loaded by the first request that needs it."""
    app = Flask(__name__)
    handlers.attach(app)
    app.before_request(observe.begin_request)
    app.after_request(observe.finish_request)
    app.register_error_handler(Exception, error_answers.answer)
    for operation in spec.operations():
        rule = operation.path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, operation.name, operation.function, methods=[operation.method])
    app.add_url_rule("/", "page", handlers.page, methods=["GET", "POST"])  # for people only
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.yaml"))
    return app
