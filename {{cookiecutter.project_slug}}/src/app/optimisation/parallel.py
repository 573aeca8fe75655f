"""Parallel: a small network that learns in two processes, each on its share of the rows.

It shows what data-parallel training is: each process has all weights and half of the rows, the sum
of their slopes is that of all rows, and what travels in every step costs time.
"""

import os
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from app.contract import columns
from app.data import split
from app.optimisation import page
from app.optimisation.workers import Numbers, Step, Weights, processes, slopes, step
from app.training.model import SEED, build_baseline, to_x, to_xy

WIDTH, STEPS, RATE = 32, 20, 0.05
ROWS = (1_000, 10_000, 100_000)
"""The examples are repeated until there are so many."""


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
    heads = "rows | one process ms | two ms | of it talking ms | speed-up | Amdahl's limit"
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
    """Set one process, which talks to nobody, beside two."""
    talking = halves.seconds - halves.computing
    seconds = [1000 * value for value in (alone, halves.seconds, talking)]
    return [count, *seconds, alone / halves.seconds, amdahl(alone, talking)]


def amdahl(computing: float, serial: float) -> float:
    """Give Amdahl's limit for two: 1 / (s + (1 - s) / 2), with the share s that is not divided."""
    share = serial / (computing + serial)
    return 1 / (share + (1 - share) / 2)
