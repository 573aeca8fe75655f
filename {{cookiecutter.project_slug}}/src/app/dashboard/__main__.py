"""Start the dashboard: `python -m app.dashboard`, with the options of `streamlit run`."""

import sys
from importlib import import_module
from pathlib import Path

from streamlit.web import cli

_NEEDED = ("altair", "app.registry.reference", "app.api.client")


def main() -> None:
    """Load what the pages import, so that no visitor waits for it, and only then serve."""
    for name in _NEEDED:
        import_module(name)
    cli.main(["run", str(Path(__file__).with_name("main.py")), *sys.argv[1:]])


if __name__ == "__main__":
    main()
