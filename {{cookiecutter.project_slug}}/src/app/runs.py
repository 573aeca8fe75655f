"""Runs compared: every version's parameters and metrics, as a table and a plot; two in detail."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from app import metrics, page, registry
from app.errors import GateFailed

PAGE = Path("docs/RUNS.md")
_log = logging.getLogger(__name__)


def main() -> None:
    """Print the versions, and write docs/RUNS.md with its figure."""
    runs = table()
    _log.info("%s", runs.to_string(index=False))
    page.write(PAGE, describe(runs), draw(runs))


def describe(runs: pd.DataFrame) -> str:
    """Describe the versions in Markdown: a row for each."""
    rows: list[list[Any]] = [list(runs), ["---"] * len(runs.columns), *runs.values.tolist()]
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return (
        "# Runs\n\nWritten by `uv run poe runs`; each is a version of the registry.\n\n"
        + "\n".join(lines)
        + "\n\n![Folds and held-out score of each run](figures/runs.png)\n"
    )


def table() -> pd.DataFrame:
    """Give a row per version, oldest first: verdict, scores, parameters, lineage."""
    registry.newest()
    return pd.DataFrame([_describe(version) for version in registry.versions()]).fillna("")


def draw(runs: pd.DataFrame) -> Figure:
    """Draw the main metric of each run: mean of the folds, and on the held-out examples."""
    figure = Figure(figsize=(8, 3.5), layout="tight")
    axes = figure.add_subplot()
    for name, style in (("folds", "o"), ("held out", "s")):
        axes.plot(range(1, len(runs) + 1), pd.to_numeric(runs[name]), style, label=name, alpha=0.7)
    axes.set(xlabel="run, oldest first", ylabel=f"{metrics.main_name()} (1 is perfect)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def diff(first: str, second: str) -> dict[str, tuple[Any, Any]]:
    """Print and give what differs between two versions: facts, parameters, metrics."""
    one, other = _facts(first), _facts(second)
    names = [name for name in one | other if one.get(name) != other.get(name)]
    differences = {name: (one.get(name), other.get(name)) for name in names}
    for name, (before, after) in differences.items():
        _log.info("%s: %s -> %s", name, before, after)
    return differences


def _describe(version: str) -> dict[str, Any]:
    record, evaluation = registry.record_of(version), _evaluation(version)
    folds = record["cross_validation"]["model"]
    return {
        "version": version,
        "gate": _verdict(version, evaluation),
        "folds": round(sum(folds) / len(folds), 3),
        "held out": _rounded(evaluation.get("model", {}).get(metrics.main_name())),
        **record["hyperparameters"],
        "tuning": record["tuning"] or "",
        "data": record["data"]["fingerprint"],
        "commit": record["git_commit"],
    }


def _verdict(version: str, evaluation: dict[str, Any]) -> str:
    if version == registry.champion().version:
        return "champion"
    reasons = evaluation.get("reasons")
    return "not judged" if reasons is None else "refused" if reasons else "passed"


def _evaluation(version: str) -> dict[str, Any]:
    try:
        return registry.evaluation_of(version)
    except GateFailed:
        return {}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _facts(version: str) -> dict[str, Any]:
    """Flatten record and evaluation: `data.rows`, `evaluation.model.r2`, and so on."""
    told = registry.record_of(version) | {"evaluation": _evaluation(version)}
    flat: pd.DataFrame = pd.json_normalize(told)
    return dict(flat.iloc[0])
