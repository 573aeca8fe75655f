"""FLOPs: what training and a prediction of the champion cost, counted and measured."""

import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.contract import model_inputs
from app.errors import AppError
from app.optimisation import candidates, counting, measuring, page

WATTS_A_CORE, WATTS_A_GB, PUE, GRAMS_A_KWH = 12.0, 0.3725, 1.67, 475.0
"""Unknown processor, memory, overhead of a data centre, world's mean electricity.

Lannelongue, Grealey, Inouye: "Green Algorithms: Quantifying the Carbon Footprint of Computation",
Advanced Science 8 (2021), doi:10.1002/advs.202100707, and the defaults of its tool, version 2.2.
"""


class NotCounted(AppError):
    """A formula does not hold for a model."""


def main() -> None:
    """Write what the champion costs into docs/OPTIMISATION.md."""
    page.write("flops", describe(candidates.refit()))


def describe(champion: candidates.Champion) -> str:
    """Count, measure and estimate; in Markdown."""
    inputs, seconds = model_inputs.to_inputs(champion.parts.test), champion.seconds
    counted = counting.count(champion.content, inputs)
    a_million = measuring.alone(champion.content, inputs).latency[1][0] * 1000
    if counted.comparisons:
        unit, number, rate = "comparisons", counted.comparisons, _comparing()
    else:
        unit, number, rate = "FLOPs", counted.flops, _multiplying()
    learning, why = count_training(champion.model)
    costs = [
        _row("training", unit, learning, seconds, rate),
        _row("a prediction", unit, number, a_million / 1e6, rate),
    ]
    energy = [
        [what, took, *estimate_energy(took)]
        for what, took in (("training", seconds), ("a million predictions", a_million))
    ]
    heads = "of | unit | counted | seconds | a second can do | seconds × that | counted of it"
    return (
        f"Champion `{champion.record.version}`, {os.cpu_count()} processors "
        f"({platform.machine()}, {platform.system()}).\n\n{page.table(heads, costs)}\n\n"
        f"Training: {why} A prediction: {_by_node(counted)}\n\n"
        f"{page.table('estimate | seconds of one core | Wh | g CO2e', energy)}"
    )


def count_training(model: Any) -> tuple[float | None, str]:
    """Count what a fitted model needed to learn, and say by which formula; None if nobody can."""
    if trees := candidates.fitted_trees(model):
        how = "each node with n rows sorts them, n·log2(n) comparisons, by each feature it tries."
        return sum(map(_splitting, trees)), f"{how} {_refusal(model)}"
    try:
        number = six_n_d(model)
    except NotCounted as error:
        return None, str(error)
    return number, "6·N·D, for N weights and D rows, each counted as often as it was learnt from."


def six_n_d(model: Any) -> float:
    """Count 6·N·D: for each weight and row two FLOPs forward, four back.

    The four are two for the slope of the weight, two for the slope of what came in.

    Raises
    ------
    NotCounted
        It is no dense network, or it did not learn by gradient descent.
    """
    estimator = candidates.last(model)
    if not hasattr(estimator, "coefs_") or getattr(estimator, "solver", "") == "lbfgs":
        raise NotCounted(_refusal(model))
    weights = sum(int(layer.size) for layer in estimator.coefs_)
    return 6.0 * weights * float(estimator.t_)


def estimate_energy(seconds: float) -> tuple[float, float]:
    """Estimate watt-hours, and grams of carbon dioxide, of a core and a GB for so long."""
    watt_hours = seconds / 3600 * (WATTS_A_CORE + WATTS_A_GB) * PUE
    return watt_hours, watt_hours / 1000 * GRAMS_A_KWH


def _refusal(model: Any) -> str:
    return (
        f"6·N·D does not hold for {candidates.kind_of(model)}: it is for dense networks that learn "
        "by gradient descent, where every row uses every weight, forward and back."
    )


def _splitting(tree: Any) -> float:
    """Count the comparisons of sorting the rows of each node that splits, by each feature tried."""
    nodes = tree.tree_
    inner = nodes.n_node_samples[nodes.children_left >= 0]
    return float((inner * np.log2(inner)).sum() * tree.max_features_)


def _row(what: str, unit: str, counted: float | None, seconds: float, rate: float) -> list[Any]:
    share = "-" if counted is None else f"{counted / seconds / rate:.2%}"
    return [what, unit, "-" if counted is None else counted, seconds, rate, seconds * rate, share]


def _by_node(counted: counting.Counted) -> str:
    nodes = ", ".join(f"{kind} {flops:,.0f}" for kind, flops in counted.by_node.items() if flops)
    told = f"{counted.flops:,.0f} FLOPs" + (f" ({nodes})" if nodes else "")
    if counted.most_comparisons:
        told += f"; {counted.comparisons:,.0f} comparisons on the mean path of the held-out rows, "
        told += f"{counted.most_comparisons:,.0f} on the longest"
    if counted.unknown:
        told += f"; not counted, because nobody knows their FLOPs: {', '.join(counted.unknown)}"
    return told + "."


def _multiplying() -> float:
    """Measure FLOP/s: a product of two matrices of 1,024 × 1,024, by all processors."""
    square = np.ones((1024, 1024), np.float32)
    return 2 * 1024**3 / _shortest(lambda: square @ square)


def _comparing() -> float:
    """Measure comparisons a second: of a million numbers, none of which waits for another."""
    numbers = np.random.default_rng(1).random(2**20, dtype=np.float32)
    answers = np.empty(len(numbers), bool)
    return len(numbers) / _shortest(lambda: np.less_equal(numbers, 0.5, out=answers))


def _shortest(action: Callable[[], Any], times: int = 5) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        took.append(time.perf_counter() - started)
    return min(took)
