"""Compare the models of an online experiment by what proved true.

`uv run python scripts/experiment.py` reads the tables `trials` and `labels`. The loss of a
prediction is 1 if the class is wrong and 0 if it is right, or for numbers the absolute error.
"""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats  # type: ignore[import-untyped]

from app.__main__ import guarded
from app.api.trial import TRIALS
from app.contract import columns
from app.errors import InvalidData
from app.storage import open_storage, tables

FEWEST = 30
"""With fewer users, or fewer records of a shadow, the models are not compared."""

Losses = npt.NDArray[np.float64]


class Judged(NamedTuple):
    """A prediction whose truth is known, and how wrong it was."""

    arm: str
    id: str
    user: str
    made_at: datetime
    loss: float


def main() -> None:
    """Print how each model on trial differs from the champion."""
    judged = read_judged()
    arms = {row.arm for row in judged}
    if "challenger" in arms:
        print(compare("challenger", *by_user(judged), paired=False))
    if "shadow" in arms:
        print(compare("shadow", *by_record(judged), paired=True))
    if not arms - {"champion"}:
        raise InvalidData("no prediction of a model on trial has a label yet.")


def read_judged() -> list[Judged]:
    """Read the predictions of the present trial that have a label; the latest label counts.

    Of each arm only the version that answered last counts, because an earlier challenger was part
    of another trial.
    """
    storage = open_storage()
    newest_first = storage.find(tables.LABELS, newest_by="labelled_at")
    labels = {row["id"]: json.loads(row["label"]) for row in reversed(newest_first)}
    rows = sorted(storage.read(TRIALS).to_pylist(), key=lambda row: row["made_at"])
    present = {row["arm"]: row["model_version"] for row in rows}
    return [
        Judged(
            row["arm"],
            row["id"],
            row["user"],
            row["made_at"],
            _loss(row["prediction"], labels[row["id"]]),
        )
        for row in rows
        if row["id"] in labels and row["model_version"] == present[row["arm"]]
    ]


def by_user(judged: list[Judged]) -> tuple[Losses, Losses]:
    """Give each user's mean loss, of the challenger's and of the champion's users.

    A user's predictions resemble each other, so a user counts once. Users who do not say who they
    are do not count, because they were not drawn. Predictions from before the challenger do not
    count either.
    """
    began = min(row.made_at for row in judged if row.arm == "challenger")
    users: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in judged:
        if row.user and row.made_at >= began:
            users[row.arm][row.user].append(row.loss)
    ours, champion = (
        np.array([np.mean(losses) for losses in users[arm].values()])
        for arm in ("challenger", "champion")
    )
    return ours, champion


def by_record(judged: list[Judged]) -> tuple[Losses, Losses]:
    """Give the losses of the shadow and of the champion for the same records."""
    losses: dict[str, dict[str, float]] = defaultdict(dict)
    for row in judged:
        losses[row.arm][row.id] = row.loss
    both = [id_ for id_ in losses["shadow"] if id_ in losses["champion"]]
    ours, champion = (
        np.array([losses[arm][id_] for id_ in both]) for arm in ("shadow", "champion")
    )
    return ours, champion


def compare(name: str, ours: Losses, champion: Losses, *, paired: bool) -> str:
    """Say whether a model's mean loss differs from the champion's, by a permutation test.

    p is the share of random exchanges of the two models that differ at least as much.

    Raises
    ------
    InvalidData
        There are too few labels.
    """
    if min(len(ours), len(champion)) < FEWEST:
        what = "records" if paired else "users"
        raise InvalidData(
            f"labels for {len(ours)} {what} of the {name} and {len(champion)} of the champion: "
            f"wait for {FEWEST} of each, and decide before you look how many you will wait for."
        )
    kind = "samples" if paired else "independent"
    p = stats.permutation_test(
        (ours, champion), _difference, permutation_type=kind, n_resamples=9999, batch=100, rng=0
    ).pvalue
    difference = _difference(ours, champion)
    verdict = "no difference is shown" if p >= 0.05 else "better" if difference < 0 else "worse"
    means = f"mean loss {ours.mean():.4f} against {champion.mean():.4f} of the champion"
    return f"{name}: {means} (n = {len(ours)} and {len(champion)}), p = {p:.4f}: {verdict}."


def _difference(ours: Losses, champion: Losses, axis: int = -1) -> Any:
    return np.mean(ours, axis=axis) - np.mean(champion, axis=axis)


def _loss(predicted: str, true: Any) -> float:
    if columns.task() == "classification":
        return float(json.loads(predicted) != true)
    return abs(float(json.loads(predicted)) - float(true))


if __name__ == "__main__":
    guarded(main)
