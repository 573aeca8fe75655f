"""Who gets the requests after a finished release: `python scripts/traffic.py ENV PERCENT`.

The newest revision gets so many percent of them, the revision before the release gets the rest:
0 goes back, 100 goes on. `--dry-run` prints the commands and runs none.
"""

import sys
from typing import Any

from release import SERVICES, Cloud
from shell import Shell

from app.__main__ import guarded
from app.config import ENVIRONMENTS
from app.errors import AppError, ConfigError


def main() -> None:
    """Do what the command line asks."""
    match [word for word in sys.argv[1:] if word != "--dry-run"]:
        case [env, percent] if env in ENVIRONMENTS[1:] and percent in map(str, range(101)):
            split(Cloud(Shell(rehearsal="--dry-run" in sys.argv), env), int(percent))
        case words:
            raise ConfigError(
                f"{' '.join(words)!r}: give one of {', '.join(ENVIRONMENTS[1:])}, and how many "
                "percent of the requests the newest revision shall get, 0 to 100."
            )


def split(cloud: Cloud, percent: int) -> None:
    """Divide the requests of each service between its newest revision and the one before."""
    formers = {name: find_former(cloud, name) for name in SERVICES}
    for name, former in formers.items():
        shares = {former: 100 - percent, "LATEST": percent}
        given = ",".join(f"{revision}={share}" for revision, share in shares.items() if share)
        cloud.shift(name, f"--to-revisions={given}")


def find_former(cloud: Cloud, name: str) -> str:
    """Name the revision that had the requests before the last release; it is tagged at the end."""
    targets: list[dict[str, Any]] = cloud.service(name)["traffic"]
    formers = [target["revisionName"] for target in targets if target.get("tag") == "former"]
    if not formers:
        raise AppError(
            f"{name}-{cloud.env} has no revision with the tag `former`, because its last release "
            f"did not end well: run `uv run poe release {cloud.env}` first."
        )
    return str(formers[0])


if __name__ == "__main__":
    guarded(main)
