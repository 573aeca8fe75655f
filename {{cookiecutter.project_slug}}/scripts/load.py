"""Ask a running API as many clients at once, and judge it: `uv run poe load`.

Objective: no request fails, and 95 of 100 are answered within `LOAD_P95_MS` (200 ms).
"""

import os
import random
from typing import Any

from locust import FastHttpUser, events, task
from locust.env import Environment

from app.contract import columns

_P95_MS = float(os.environ.get("LOAD_P95_MS", "200"))


def _value(column: columns.Column) -> Any:
    """Choose any value that the contract allows."""
    if column.options:
        return random.choice(column.options)
    if column.minimum is None or column.maximum is None:
        return column.example
    value = random.uniform(column.minimum, column.maximum)
    return round(value) if column.kind == "integer" else value


def _records(count: int) -> list[dict[str, Any]]:
    features = columns.features().items()
    return [{name: _value(column) for name, column in features} for _ in range(count)]


class Client(FastHttpUser):
    """Somebody who asks without a pause: mostly about one record, sometimes about a hundred."""

    @task(9)
    def predict_one(self) -> None:
        """Ask for one prediction."""
        self.client.post("/predict", json=_records(1)[0], name="1 record")

    @task(1)
    def predict_hundred(self) -> None:
        """Ask for a hundred predictions."""
        self.client.post("/predict", json=_records(100), name="100 records")


def _judge(environment: Environment, **_: Any) -> None:
    """End with an error, which names the figure, if the objective is missed."""
    total = environment.stats.total
    p95 = total.get_response_time_percentile(0.95) or 0
    good = total.num_requests > 0 and total.num_failures == 0 and p95 <= _P95_MS
    print(
        f"objective {'kept' if good else 'MISSED'}: {total.num_requests} requests, "
        f"{total.num_failures} failed (0 allowed), p95 {p95:.0f} ms (at most {_P95_MS:g} ms)"
    )
    environment.process_exit_code = 0 if good else 1


events.quitting.add_listener(_judge)
