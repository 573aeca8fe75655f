"""Commands of other programs: each is printed, and run unless this is a rehearsal."""

import shlex
import shutil
import subprocess
from typing import NamedTuple

from app.errors import AppError

_INSTALL = {
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "terraform": "https://developer.hashicorp.com/terraform/install",
    "docker": "https://docs.docker.com/get-docker",  # >>> sprint >= 3
    "gh": "https://cli.github.com",  # >>> sprint >= 6
    # >>> sprint >= 3 and kubernetes = yes
    "kind": "https://kind.sigs.k8s.io, or minikube: https://minikube.sigs.k8s.io",
    "kubectl": "https://kubernetes.io/docs/tasks/tools",
    # <<<
}


class Shell(NamedTuple):
    """Runs commands. A rehearsal only prints them; `read` then gives the text in `rehearsed`."""

    rehearsal: bool

    def run(self, *command: str) -> None:
        """Run a command that must succeed; it may ask questions."""
        print(f"$ {shlex.join(command)}", flush=True)
        if not self.rehearsal and subprocess.run(_resolve(command), check=False).returncode:
            raise AppError(
                f"{command[0]} failed, see above. `uv run poe doctor` with its error in quotes "
                "explains many; then run this again: what is done already stays."
            )

    def tell(self, text: str) -> None:
        """Print what is true once the commands have run."""
        if not self.rehearsal:
            print(text, flush=True)

    def read(self, *command: str, otherwise: str | None = None, rehearsed: str = "") -> str:
        """Give what a command prints; if it fails, give `otherwise` or stop."""
        print(f"$ {shlex.join(command)}", flush=True)
        if self.rehearsal:
            return rehearsed
        done = subprocess.run(_resolve(command), capture_output=True, text=True, check=False)
        if done.returncode and otherwise is None:
            raise AppError(f"{shlex.join(command)}: {done.stderr.strip()}")
        return otherwise if done.returncode and otherwise is not None else done.stdout.strip()


def _resolve(command: tuple[str, ...]) -> list[str]:
    """Name the program's file, which on Windows is `gcloud.cmd`."""
    program = shutil.which(command[0])
    if program is None:
        raise AppError(f"{command[0]} is not installed: {_INSTALL.get(command[0], command[0])}")
    return [program, *command[1:]]
