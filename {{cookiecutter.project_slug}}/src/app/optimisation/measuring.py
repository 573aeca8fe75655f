"""Measuring one model in a process of its own: its start, its memory, and how fast it answers."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
import psutil

Arrays = dict[str, npt.NDArray[Any]]

LEVELS = {"off": "ORT_DISABLE_ALL", "basic": "ORT_ENABLE_BASIC", "all": "ORT_ENABLE_ALL"}
"""How much ONNX Runtime may change of a graph before it runs it; it serves with all."""

RECORDS = (1, 100)


class Measured(NamedTuple):
    """Milliseconds until the model is loaded, MB that it takes, and latencies by records.

    `latency` has the median and the 99th percentile, in milliseconds, for each of `RECORDS`.
    """

    start: float
    memory: float
    latency: dict[int, tuple[float, float]]


def alone(content: bytes, inputs: Arrays, level: str = "all", runs: int = 500) -> Measured:
    """Measure a model in a fresh process, so that no other model's memory counts for it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, content, inputs, level, runs).result()


def measure(content: bytes, inputs: Arrays, level: str, runs: int) -> Measured:
    """Load a model as `registry/predictor.py` does, and time its answers."""
    batches = {count: _rows(inputs, count) for count in RECORDS}
    process = psutil.Process()
    before, started = process.memory_info().rss, time.perf_counter()
    session = open_session(content, level)
    start = (time.perf_counter() - started) * 1000
    latency = {count: _latency(session, batch, runs) for count, batch in batches.items()}
    return Measured(start, (process.memory_info().rss - before) / 1e6, latency)


def open_session(content: bytes, level: str = "all") -> Any:
    """Load a model in ONNX Runtime, with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, LEVELS[level])
    return onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])


def _rows(inputs: Arrays, count: int) -> Arrays:
    """Repeat the inputs until there are so many records."""
    return {name: np.resize(value, (count, value.shape[1])) for name, value in inputs.items()}


def _latency(session: Any, inputs: Arrays, runs: int) -> tuple[float, float]:
    """Give the median and the 99th percentile in milliseconds; the first tenth only warms up."""
    took = []
    for _ in range(runs + runs // 10):
        started = time.perf_counter()
        session.run(None, inputs)
        took.append((time.perf_counter() - started) * 1000)
    median, late = np.percentile(took[runs // 10 :], [50, 99])
    return float(median), float(late)
