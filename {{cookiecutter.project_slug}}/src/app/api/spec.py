"""The specification of the API, `openapi.yaml`: routes are written there, records follow from
`schema.py`.

`uv run poe openapi` rewrites the parts that follow from `schema.py`; `uv run poe check` refuses
a file that differs from them: see `scripts/openapi.py`.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple, TypeVar

import yaml

from app.errors import ConfigError

FILE = Path(__file__).with_name("openapi.yaml")

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Operation(NamedTuple):
    """A method of a path, and the function that answers it."""

    path: str
    method: str
    name: str
    function: Callable[..., Any]


def operation(route: str) -> Callable[[Handler], Handler]:
    """Say at a function which operation it answers, such as `POST /predict`.

    `openapi.yaml` decides; `operations` refuses a function that says another.
    """

    def marked(function: Handler) -> Handler:
        function.__dict__["route"] = route
        return function

    return marked


def operations() -> Iterator[Operation]:
    """List what the API offers; each operation names its function.

    Raises
    ------
    ConfigError
        The function says that it answers another operation.
    """
    for path, methods in load()["paths"].items():
        for method, described in methods.items():
            name = described["operationId"]
            function, route = resolve_name(name), f"{method.upper()} {path}"
            if function.__dict__.get("route") != route:
                raise ConfigError(
                    f"{FILE.name}: {route} is answered by {name}, which does not say so: write "
                    f'@operation("{route}") above it, or correct operationId.'
                )
            yield Operation(path, method.upper(), name.split(".")[-1], function)


def load() -> dict[str, Any]:
    """Read the specification."""
    content: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content


@cache
def text() -> str:
    """Give the specification as a text."""
    return FILE.read_text(encoding="utf-8")
