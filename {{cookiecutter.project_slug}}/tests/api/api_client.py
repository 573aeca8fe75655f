"""The API without a server, as the tests ask it."""

from flask import Flask
from flask.testing import FlaskClient

from app.api.application import create_app


def start_api() -> tuple[FlaskClient, Flask]:
    """Give a client of a new API, and the Flask application inside."""
    app = create_app()
    return app.test_client(), app
