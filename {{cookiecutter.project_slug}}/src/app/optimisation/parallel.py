"""Parallel: a small network that learns in two processes, each on its share of the rows.

It shows what data-parallel training is: each process has all weights and half of the rows, the sum
of their slopes is that of all rows, and what travels in every step costs time. numpy only.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler

from app.contract import columns
from app.data import split
from app.optimisation import page
from app.training.model import SEED, build_baseline, to_x, to_xy

Numbers = npt.NDArray[np.float64]
Weights = list[Numbers]

WIDTH, STEPS, RATE = 32, 20, 0.05
ROWS = (1_000, 10_000, 100_000)
"""The examples are repeated until there are so many."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Step(NamedTuple):
    """A step of the training: its slopes, its seconds, and those in which a process computed."""

    slopes: Weights
    seconds: float
    computing: float


def main() -> None:
    """Compare one process with two on the project's own data, and write docs/OPTIMISATION.md."""
    x, y = read_numbers()
    with processes(x, y, 2) as two:
        differences = list(_differences(x, y, two))
    rows, start = [], 0.0
    for count in ROWS:
        many = np.resize(np.arange(len(x)), count)
        began = time.perf_counter()
        with processes(x[many], y[many], 2) as two:
            step(two, first_weights(x, y))  # answered only when both have begun
            start = time.perf_counter() - began
            halves = _typical(two, x, y)
        with processes(x[many], y[many], 1) as one:
            rows.append(_row(count, _typical(one, x, y).computing, halves))
    page.write("parallel", describe(max(differences), start, rows))


def describe(difference: float, start: float, rows: list[list[Any]]) -> str:
    """Describe what was measured in Markdown."""
    heads = ("rows", "one process ms", "two ms", "of it talking ms", "speed-up", "Amdahl's limit")
    return (
        f"Largest difference between the slopes of one process and of two, over {STEPS} steps: "
        f"{difference:.1e} of the largest slope. To start two processes took {start:.1f} s, once.\n"
        f"A step of the training, the median of {STEPS}, with one thread for each process, on "
        f"{os.cpu_count()} processors:\n\n{page.table(heads, rows)}"
    )


def read_numbers() -> tuple[Numbers, Numbers]:
    """Read the examples to learn from as x, and y of a column per class, or one; all scaled."""
    train = split.hold_out(split.read_examples()).train
    prepare = build_baseline()[:-1].fit(to_x(train))
    x = StandardScaler().fit_transform(prepare.transform(to_x(train)))
    _, y = to_xy(train)
    if columns.task() == "classification":
        return x, np.equal.outer(y.to_numpy(), y.unique()).astype(float)
    return x, StandardScaler().fit_transform(y.to_numpy().reshape(-1, 1))


def first_weights(x: Numbers, y: Numbers) -> Weights:
    """Draw the weights of a network with one hidden layer, the same each time."""
    chance, shapes = np.random.default_rng(SEED), ((x.shape[1], WIDTH), (WIDTH, y.shape[1]))
    return [chance.normal(0, 0.1, shape) for shape in shapes]


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
    fresh, former = get_context("spawn"), {name: os.environ.get(name) for name in _THREADS}
    pipes = [fresh.Pipe() for _ in range(count)]
    workers = [fresh.Process(target=work, args=(far,), daemon=True) for _, far in pipes]
    try:
        os.environ |= dict.fromkeys(_THREADS, "1")
        for worker in workers:
            worker.start()
    finally:
        for name, value in former.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    for (near, _), rows in zip(pipes, np.array_split(np.arange(len(x)), count), strict=True):
        near.send((x[rows], y[rows]))
    try:
        yield [near for near, _ in pipes]
    finally:
        for (near, _), worker in zip(pipes, workers, strict=True):
            near.send(None)
            worker.join()


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


def _differences(x: Numbers, y: Numbers, two: Sequence[Connection]) -> Iterator[float]:
    """Learn in two processes; give how far each step's slopes are from those of one process."""
    weights = first_weights(x, y)
    for _ in range(STEPS):
        together, alone = step(two, weights).slopes, slopes(weights, x, y)
        pairs = zip(together, alone, strict=True)
        yield max(float(np.abs(ours - own).max() / np.abs(own).max()) for ours, own in pairs)
        weights = [w - RATE / len(x) * s for w, s in zip(weights, together, strict=True)]


def _typical(near: Sequence[Connection], x: Numbers, y: Numbers) -> Step:
    steps = [step(near, first_weights(x, y)) for _ in range(STEPS)]
    return sorted(steps, key=lambda one: one.seconds)[STEPS // 2]


def _row(count: int, alone: float, halves: Step) -> list[Any]:
    """Set one process, which talks to nobody, beside two; with no limit on processes, talk stays."""
    talking = halves.seconds - halves.computing
    seconds = [1000 * value for value in (alone, halves.seconds, talking)]
    return [count, *seconds, alone / halves.seconds, amdahl(alone, talking)]


def amdahl(computing: float, serial: float) -> float:
    """Give Amdahl's limit for two: 1 / (s + (1 - s) / 2), with the share s that is not divided."""
    share = serial / (computing + serial)
    return 1 / (share + (1 - share) / 2)
