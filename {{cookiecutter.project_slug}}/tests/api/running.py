"""An API as a process of its own, as its clients meet it."""

import subprocess
import sys
import time
from contextlib import contextmanager

from app.api import client


@contextmanager
def running():
    """Serve on PORT until the block ends."""
    with subprocess.Popen([sys.executable, "-m", "app", "api"]) as process:
        try:
            wait_until_it_answers()
            yield
        finally:
            process.terminate()


def wait_until_it_answers():
    """Ask until the API says that it lives; raises after 30 s."""
    for _ in range(300):
        try:
            client.ask("/health")
            return
        except client.ApiUnavailable:
            time.sleep(0.1)
    raise TimeoutError("the API does not answer after 30 s")
