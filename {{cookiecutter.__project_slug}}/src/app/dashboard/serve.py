"""Serve the dashboard with Streamlit, on `STREAMLIT_SERVER_PORT` (default 8501)."""

import os
import subprocess
import sys
from pathlib import Path

from app.config import dashboard_port, load_settings, require_free_port


def main() -> None:
    """Serve until stopped."""
    host, port = load_settings().host, dashboard_port()
    require_free_port(host, port, "STREAMLIT_SERVER_PORT")
    page = str(Path(__file__).with_name("main.py"))
    command = [sys.executable, "-m", "streamlit", "run", page]
    command += [f"--server.port={port}", f"--server.address={host}"]
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)
