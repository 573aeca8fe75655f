"""Everything once, with the time of each stage: from the source file to the champion's scores."""

import logging
import time

# >>> sprint >= 3
import served_demo

# <<<
from app.__main__ import guarded, run, run_all_but
from app.registry import versions
from app.reports import model_card

_log = logging.getLogger(__name__)


def main() -> None:
    """Run every stage, and show what the champion is worth."""
    started = time.perf_counter()
    served_demo.require_free_ports()  # >>> sprint >= 3
    run_all_but("deploy")  # the API comes after  # >>> sprint >= 4
    run_all_but()  # >>> sprint < 4
    _log.info("\n--- eda")
    run("eda")
    champion = versions.champion().version or ""
    scores = model_card.describe_scores(versions.evaluation_of(champion))
    _log.info("\n--- the champion, %s\n%s", champion, scores)
    _log.info("\nfrom start to champion: %.1f s", time.perf_counter() - started)
    served_demo.main(started)  # >>> sprint >= 3


if __name__ == "__main__":
    guarded(main)
