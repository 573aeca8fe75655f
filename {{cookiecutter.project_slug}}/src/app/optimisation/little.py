"""Little's law: from a load test to the requests at hand, and to how many containers."""

from math import ceil
from typing import NamedTuple

from app.optimisation import page

WANTED = (100, 1_000, 10_000)
"""Requests per second that somebody may want one day."""


class Load(NamedTuple):
    """What a load test measured: requests per second, milliseconds, bytes of answers per second."""

    requests: int
    failures: int
    rate: float
    mean: float
    median: float
    p95: float
    p99: float
    received: float


def write(load: Load, objective: float) -> None:
    """Write a load test into docs/OPTIMISATION.md; `objective` is the latency allowed, in ms."""
    page.write("load", describe(load, objective))


def describe(load: Load, objective: float) -> str:
    """Describe in Markdown what was measured, and what follows for concurrency and instances."""
    heads = "requests | failed | requests/s | p50 ms | p95 ms | p99 ms | bytes/s of answers"
    row = [load.requests, load.failures, load.rate, load.median, load.p95, load.p99, load.received]
    instances = [[wanted, ceil(wanted / load.rate)] for wanted in WANTED]
    at_hand, most = load.rate * load.mean / 1000, concurrency(load.rate, objective)
    return (
        f"{page.table(heads, [row])}\n\n"
        f"Little's law, requests at hand = rate × latency: {load.rate:.1f} requests/s that each "
        f"took {load.mean:.1f} ms on average are {at_hand:.1f} requests at hand. Within "
        f"{objective:g} ms one API of that rate can have at most {most} at hand: a larger "
        "concurrency only makes its queue longer.\n\n"
        f"{page.table('requests/s wanted | APIs of this rate', instances)}"
    )


def concurrency(rate: float, objective: float) -> int:
    """Give how many requests may be at hand so that each is answered within so many ms."""
    return max(1, int(rate * objective / 1000))
