"""Show the four golden signals of the API, from its own metrics, every few seconds."""

import time
from collections import defaultdict, deque
from itertools import pairwise
from typing import NamedTuple

import pandas as pd
import streamlit as st
from prometheus_client.parser import text_string_to_metric_families

from app.api import client
from app.dashboard import cached_reads, charts

SECONDS = 5
KEPT = 60


class Sample(NamedTuple):
    """What the API has counted since it started, at one moment; `buckets` by seconds, summed up."""

    at: float
    requests: float
    errors: float
    refused: float
    buckets: dict[float, float]
    waiting: float


def look() -> Sample:
    """Ask the API for its metrics; those who ask for health and metrics are not counted."""
    families = text_string_to_metric_families(client.ask("/metrics", seconds=10))
    counted = [
        (name, labels, value)
        for family in families
        for name, labels, value, *_ in family.samples
        if labels.get("operation") not in ("health", "ready", "metrics")
    ]
    requests, errors, refused, waiting = 0.0, 0.0, 0.0, 0.0
    buckets: dict[float, float] = defaultdict(float)
    for name, labels, value in counted:
        if name == "api_request_seconds_count":
            requests += value
            errors += value * labels["status"].startswith("5")
            refused += value * (labels["status"] == "422")
        elif name == "api_request_seconds_bucket":
            buckets[float(labels["le"])] += value
        elif name == "api_predictions_waiting":
            waiting = value
    return Sample(time.time(), requests, errors, refused, buckets, waiting)


def percentile(buckets: dict[float, float], share: float) -> str:
    """Give the upper edge of the bucket that holds this share of the requests."""
    total = max(buckets.values(), default=0)
    if not total:
        return "no request"
    upper = min(edge for edge, count in buckets.items() if count >= share * total)
    return f"≤ {1000 * upper:g} ms" if upper != float("inf") else "> 10 s"


@st.fragment(run_every=SECONDS)
def signals() -> None:
    """Show the signals now, and since this page was opened."""
    samples = st.session_state.setdefault("signals", deque(maxlen=KEPT))
    with cached_reads.failure_shown():
        now = look()
    if samples and now.requests < samples[-1].requests:
        samples.clear()  # it was started again
    samples.append(now)
    values = {
        "Latency: 95 of 100 answers within": percentile(now.buckets, 0.95),
        "Traffic: requests since its start": f"{now.requests:,.0f}",
        "Errors: answers 5xx": f"{now.errors / max(1.0, now.requests):.2%}",
        "Refused: records that break the contract": f"{now.refused / max(1.0, now.requests):.2%}",
        "Saturation: answers not stored yet": f"{now.waiting:,.0f}",
    }
    for place, (name, value) in zip(st.columns(2) + st.columns(3), values.items(), strict=True):
        place.metric(name, value, border=True)
    rates = [(b.requests - a.requests) / (b.at - a.at) for a, b in pairwise(samples)]
    if rates:
        times = pd.to_datetime([sample.at for sample in samples][1:], unit="s")
        frame = pd.DataFrame({"requests a second": rates}, index=times)
        about = "Requests a second since this page was opened"
        charts.lines(frame, "time (UTC)", "requests a second", about)
    st.caption(
        f"Asked every {SECONDS} seconds; of one container, since its start. "
        "On Google Cloud, Cloud Monitoring has those of all."
    )


st.title("Golden signals")
st.write("Is the API well? Latency, traffic, errors and saturation, as it counts them itself.")
signals()
