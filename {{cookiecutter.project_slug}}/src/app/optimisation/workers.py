"""Processes that each know a share of the rows, and answer weights by slopes; numpy only.

A process that is started imports this file, so it imports little.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Weights = list[Numbers]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Step(NamedTuple):
    """A step of the training: its slopes, its seconds, and those in which a process computed."""

    slopes: Weights
    seconds: float
    computing: float


def slopes(weights: Weights, x: Numbers, y: Numbers) -> Weights:
    """Sum over the rows the slope of the loss in each weight.

    The loss is the cross-entropy of shares, or half the squared error of a number.
    """
    hidden = np.tanh(x @ weights[0])
    answers = hidden @ weights[1]
    if y.shape[1] > 1:
        shares = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers = shares / shares.sum(axis=1, keepdims=True)
    error = answers - y
    return [x.T @ ((error @ weights[1].T) * (1 - hidden**2)), hidden.T @ error]


@contextmanager
def processes(x: Numbers, y: Numbers, count: int) -> Iterator[Sequence[Connection]]:
    """Start processes with one thread each, and give each its share of the rows, once."""
    fresh = get_context("spawn")
    pipes = [fresh.Pipe() for _ in range(count)]
    workers = [fresh.Process(target=work, args=(far,), daemon=True) for _, far in pipes]
    with _one_thread_each():
        for worker in workers:
            worker.start()
    for (near, _), rows in zip(pipes, np.array_split(np.arange(len(x)), count), strict=True):
        near.send((x[rows], y[rows]))
    try:
        yield [near for near, _ in pipes]
    finally:
        for (near, _), worker in zip(pipes, workers, strict=True):
            near.send(None)
            worker.join()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Have processes that start now compute with one thread: numpy looks at these variables."""
    former = {name: os.environ[name] for name in _THREADS if name in os.environ}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name in _THREADS:
            del os.environ[name]
        os.environ.update(former)


def work(far: Connection) -> None:
    """Answer each weights by the slopes on the own rows, and their seconds; None ends it."""
    x, y = far.recv()
    while (weights := far.recv()) is not None:
        started = time.perf_counter()
        own = slopes(weights, x, y)
        far.send((own, time.perf_counter() - started))


def step(near: Sequence[Connection], weights: Weights) -> Step:
    """Send the weights to all processes, and add their slopes."""
    started = time.perf_counter()
    for one in near:
        one.send(weights)
    answers = [one.recv() for one in near]
    total = [np.sum(each, axis=0) for each in zip(*(own for own, _ in answers), strict=True)]
    return Step(total, time.perf_counter() - started, max(seconds for _, seconds in answers))
