"""Write into docs/DEPLOYMENT.md what a month idle, a demo day and a flooded day use, by unit.

It follows from the numbers in `terraform/`. Prices change, so there are none.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# >>> data_store = BigQuery
from cloud import QUERY_GIB_A_DAY

# <<<
from app.__main__ import guarded
from app.api.journal import AT_ONCE

PAGE = Path("docs/DEPLOYMENT.md")

DAY = 24 * 3600
PLACES = 6
"""From so many places Google's check from outside asks."""

BILLED_SECONDS = 0.1
"""Cloud Run counts a request as so long at least."""

LOG_KIB = 2
"""A request is two entries: Cloud Run's and ours."""

DEMO_REQUESTS, DEMO_LOOKS = 1000, 200
DEMO_HOURS = 8
"""So much is asked of the API and of past predictions, and so long is a page open, at a demo."""

FLOOD_REQUESTS = 600
FLOOD_RECORDS = 25_000
ANSWER_KIB = 0.2
"""A second and container, alone or in lists, about as docs/SERVING.md measured; and an answer."""


class Use(NamedTuple):
    """How much of a unit is used, at most."""

    unit: str
    idle_month: float
    demo_day: float
    flooded_day: float

    def row(self) -> str:
        """Write it as a row of a table."""
        used = (self.idle_month, self.demo_day, self.flooded_day)
        numbers = (f"{number:,.0f}" if number >= 10 else f"{number:.2g}" for number in used)
        return f"| {self.unit} | {' | '.join(numbers)} |"


def main() -> None:
    """Write each row in the place of the one with its unit."""
    page = PAGE.read_text(encoding="utf-8")
    for use in uses():
        page = re.sub(rf"^\| {use.unit} \|[^<\n]*\|", use.row(), page, flags=re.MULTILINE)
    PAGE.write_text(page, encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.as_posix()}")


def uses() -> Iterator[Use]:
    """Compute each unit."""
    containers = default("variables_api.tf", "max_instances")
    flood = containers * FLOOD_REQUESTS * DAY
    stored = containers * AT_ONCE * DAY  # a write a second
    yield Use("requests to the API", 0, DEMO_REQUESTS, flood)
    yield from processor("API", "api.tf", DEMO_REQUESTS * BILLED_SECONDS, containers * DAY)
    # >>> sprint >= 5
    most = number("dashboard.tf", "max_instance_count")
    yield from processor("dashboard", "dashboard.tf", DEMO_HOURS * 3600, most * DAY)
    # <<<
    # >>> sprint >= 6
    checks = PLACES * DAY / number("monitoring.tf", "period")
    yield Use("requests of the check from outside", 30 * checks, checks, checks)
    seconds = checks * BILLED_SECONDS * number("api.tf", "cpu")
    yield Use("vCPU-seconds for this check", 30 * seconds, seconds, seconds)
    # <<<
    yield Use("GiB of logs", 0, gib(DEMO_REQUESTS * LOG_KIB), gib(flood * LOG_KIB))
    sent = containers * FLOOD_RECORDS * ANSWER_KIB * DAY
    yield Use("GiB sent to the internet", 0, gib(DEMO_REQUESTS * ANSWER_KIB), gib(sent))
    # >>> data_store = BigQuery
    # BigQuery counts a row as 1 KiB at least, and a query as 10 MiB.
    yield Use("GiB of rows inserted", 0, gib(DEMO_REQUESTS), gib(stored))
    queries = DEMO_LOOKS * 3 * 10 / 1024
    yield Use("GiB that queries read", 0, min(queries, QUERY_GIB_A_DAY), QUERY_GIB_A_DAY)
    # <<<
    # >>> data_store = Firestore
    yield Use("documents written", 0, DEMO_REQUESTS, stored)
    # <<<
    # >>> data_store = Cloud Storage
    yield Use("objects written", 0, DEMO_REQUESTS, stored / AT_ONCE)
    # <<<


def processor(name: str, file: str, demo: float, flood: float) -> Iterator[Use]:
    """Give processor and memory of a service that runs for some seconds, and idle for none."""
    cpu, memory = number(file, "cpu"), number(file, "memory")
    yield Use(f"vCPU-seconds of the {name}", 0, demo * cpu, flood * cpu)
    yield Use(f"GiB-seconds of the {name}", 0, demo * memory, flood * memory)


def gib(kib: float) -> float:
    """Turn KiB into GiB."""
    return kib / 1024**2


def number(file: str, name: str) -> int:
    """Read the first number that a file of Terraform gives to a name."""
    text = (Path("terraform") / file).read_text(encoding="utf-8")
    return int(re.findall(rf'\b{name}\s*=\s*"?(\d+)', text)[0])


def default(file: str, variable: str) -> int:
    """Read the default of a variable."""
    text = (Path("terraform") / file).read_text(encoding="utf-8")
    block = text.partition(f'variable "{variable}"')[2].partition("\n}")[0]
    return int(re.findall(r"default\s*=\s*(\d+)", block)[0])


if __name__ == "__main__":
    guarded(main)
