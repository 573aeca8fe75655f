"""Latency: three ways to answer faster with the same model, each tried on the API here."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import numpy as np
import requests

from app.contract import columns
from app.errors import AppError
from app.optimisation import page
from app.registry import reference, versions

BATCH, REQUESTS, DIFFERENT, CLIENTS = 100, 200, 20, 8
"""Records in one request; requests that are timed, how many of them differ; clients at once."""

_START_SECONDS = 60


def main() -> None:
    """Try batching, caching and replicas on APIs of this machine; write docs/OPTIMISATION.md."""
    records = read_records()
    with replicas(1) as one:
        rows = [batching(one[0], records), caching(one[0], records)]
        alone = throughput(one, records)
    with replicas(2) as two:
        rows.append(_row("replicas: two APIs", "ms, 8 clients", alone, throughput(two, records)))
    heads = "way | unit | mean before | p95 before | mean after | p95 after | mean is now"
    page.write("latency", f"On {os.cpu_count()} processors, which clients and APIs share.\n\n"
               + page.table(heads, rows))  # fmt: skip


def batching(url: str, records: list[Any]) -> list[Any]:
    """Ask for each record by itself, then for a hundred at once: milliseconds for a record."""
    with requests.Session() as session:
        alone = [_timed(ask, session, url, records[n]) for n in range(BATCH)]
        together = [_timed(ask, session, url, records) / BATCH for _ in range(20)]
    return _row(f"batching: {BATCH} records in a request", "ms a record", alone, together)


def caching(url: str, records: list[Any]) -> list[Any]:
    """Ask with and without a memory of answers; nine of ten requests were asked before."""
    with requests.Session() as session:

        @cache
        def remembered(record: str) -> Any:
            return ask(session, url, json.loads(record))

        asked = [json.dumps(records[n % DIFFERENT]) for n in range(REQUESTS)]
        alone = [_timed(ask, session, url, json.loads(text)) for text in asked]
        with_memory = [_timed(remembered, text) for text in asked]
    return _row("caching: 90 % were asked before", "ms a request", alone, with_memory)


def throughput(urls: Sequence[str], records: list[Any]) -> list[float]:
    """Have clients ask all at once, each its API in turn; give the milliseconds of each request."""

    def client(number: int) -> list[float]:
        with requests.Session() as session:
            url = urls[number % len(urls)]
            return [_timed(ask, session, url, records[n]) for n in range(BATCH)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [seconds for took in pool.map(client, range(CLIENTS)) for seconds in took]


@contextmanager
def replicas(count: int) -> Iterator[list[str]]:
    """Start APIs on free ports, wait until each predicts, and give their addresses."""
    with ExitStack() as stack:
        urls = []
        for port in _free_ports(count):
            started = subprocess.Popen(
                [sys.executable, "-m", "app", "api"],
                env=os.environ | {"PORT": str(port)},
                stdout=subprocess.DEVNULL,
            )
            stack.callback(started.wait)
            stack.callback(started.terminate)
            urls.append(f"http://127.0.0.1:{port}")
            _wait(urls[-1], started)
        yield urls


def ask(session: requests.Session, url: str, records: Any) -> Any:
    """Ask for predictions that nobody keeps."""
    answer = session.post(f"{url}/predict?keep=false", json=records, timeout=30)
    if not answer.ok:
        raise AppError(f"{url} answers {answer.status_code}: {answer.text[:200]}")
    return answer.json()


def read_records() -> list[Any]:
    """Read records as clients send them: those that the champion was made with, a hundred."""
    examples = reference.read(versions.load_champion().version)[list(columns.features())]
    hundred = examples.iloc[np.resize(np.arange(len(examples)), BATCH)]
    return list(json.loads(hundred.to_json(orient="records", date_format="iso")))


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with requests.Session() as session:
                ask(session, url, columns.example_record())
            return
        except requests.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AppError(f"no API answers at {url}: `uv run poe api` says why.") from None
            time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _timed(action: Callable[..., Any], *arguments: Any) -> float:
    """Give the milliseconds that a call takes."""
    started = time.perf_counter()
    action(*arguments)
    return (time.perf_counter() - started) * 1000


def _row(way: str, unit: str, without: Sequence[float], made: Sequence[float]) -> list[Any]:
    before, after = ([float(np.mean(v)), float(np.percentile(v, 95))] for v in (without, made))
    return [way, unit, *before, *after, f"{after[0] / before[0]:.0%}"]
