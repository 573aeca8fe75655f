"""The API without a server, as the tests ask it."""

from a2wsgi import ASGIMiddleware
from flask import Flask
from werkzeug.test import Client

from app.api.application import create_app


def start_api() -> tuple[Client, Flask]:
    """Give a client of a new API, and the Flask application inside."""
    app = create_app()
    return Client(ASGIMiddleware(app)), app.app
