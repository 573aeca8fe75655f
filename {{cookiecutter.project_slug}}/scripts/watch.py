"""Monitor, and on alarm do what you ask for: `--issue` opens an issue, `--retrain` trains.

Neither is done unless you ask. On an alarm the exit code is 2, whatever was done about it.
"""

import sys

from shell import Shell

from app.__main__ import guarded
from app.config import load_cloud
from app.errors import AppError, ConfigError
from app.monitoring import monitor
from app.pipeline import run


def main() -> None:
    """Monitor. An alarm also names the actions that failed."""
    asked = sys.argv[1:]
    for unknown in set(asked) - set(ACTIONS):
        raise ConfigError(f"watch {unknown}: give {' or '.join(ACTIONS)}, both, or nothing.")
    try:
        monitor.main()
    except monitor.DriftFound as alarm:
        failures = [problem for action in asked for problem in _do(action, alarm)]
        raise monitor.DriftFound(*alarm.problems, *failures) from None


def _do(action: str, alarm: monitor.DriftFound) -> list[str]:
    """Do an action. Give its problems and do not raise them, as that would hide the alarm."""
    try:
        ACTIONS[action](alarm)
    except AppError as error:
        return [f"{action}: {problem}" for problem in error.problems]
    return []


def open_issue(alarm: monitor.DriftFound) -> None:
    """Open an issue on GitHub, or add to the one that is open already."""
    shell = Shell(rehearsal=False)
    body = "\n".join(f"- {problem}" for problem in alarm.problems)
    text = f"`uv run poe monitor` alarms:\n\n{body}\n\nWhat to do: docs/MONITORING.md.\n"
    number = shell.read(
        *("gh", "issue", "list", "--label", "drift", "--state", "open"),
        *("--json", "number", "--jq", ".[0].number // empty"),
    )
    if number:
        shell.run("gh", "issue", "comment", number, "--body", text)
        return
    shell.run("gh", "label", "create", "drift", "--force", "--description", "The monitor alarms")
    shell.run("gh", "issue", "create", "--title", "Drift", "--label", "drift", "--body", text)


def retrain(_alarm: monitor.DriftFound) -> None:
    """Run the pipeline, if the source holds data that no model was judged on yet."""
    run.if_new("vertex" if load_cloud() else "local")


ACTIONS = {"--issue": open_issue, "--retrain": retrain}

if __name__ == "__main__":
    guarded(main)
