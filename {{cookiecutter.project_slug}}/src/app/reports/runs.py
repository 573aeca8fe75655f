"""Runs compared: every version's parameters and metrics, as a table and a plot; two in detail."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from app import docs_page
from app.registry import records, versions
from app.training import metrics

PAGE = Path("docs/RUNS.md")
_log = logging.getLogger(__name__)


def main() -> None:
    """Print the versions, and write docs/RUNS.md with its figure."""
    runs = table()
    _log.info("%s", runs.to_string(index=False))
    docs_page.write(PAGE, describe(runs), draw(runs))


def describe(runs: pd.DataFrame) -> str:
    """Describe the versions in Markdown: a row for each."""
    rows: list[list[Any]] = [list(runs), ["---"] * len(runs.columns), *runs.values.tolist()]
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return f"""# Runs

Written by `uv run poe runs`; each is a version of the registry.

{chr(10).join(lines)}

![Folds and held-out score of each run](figures/runs.png)
"""


def table() -> pd.DataFrame:
    """Give a row per version, oldest first: verdict, scores, parameters, lineage."""
    versions.newest()
    return pd.DataFrame([_describe(version) for version in versions.versions()]).fillna("")


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
    before, after = _flat(first), _flat(second)
    names = [name for name in before | after if before.get(name) != after.get(name)]
    differences = {name: (before.get(name), after.get(name)) for name in names}
    for name, (old, new) in differences.items():
        _log.info("%s: %s -> %s", name, old, new)
    return differences


def _describe(version: str) -> dict[str, Any]:
    record, evaluation = versions.record_of(version), versions.find_evaluation(version)
    folds = record.cross_validation.model
    return {
        "version": version,
        "gate": _verdict(version, evaluation),
        "folds": round(sum(folds) / len(folds), 3),
        "held out": round(evaluation.score, 3) if evaluation else None,
        **record.hyperparameters,
        "tuning": record.tuning or "",
        "data": record.data.fingerprint,
        "commit": record.git_commit,
    }


def _verdict(version: str, evaluation: records.Evaluation | None) -> str:
    if version == versions.champion().version:
        return "champion"
    return evaluation.verdict if evaluation else "not judged"


def _flat(version: str) -> dict[str, Any]:
    """Flatten record and evaluation: `data.rows`, `evaluation.model.r2`, and so on."""
    evaluation = versions.find_evaluation(version)
    facts = versions.record_of(version).model_dump(exclude={"format"})
    facts["evaluation"] = evaluation.model_dump(exclude={"format"}) if evaluation else {}
    flat: pd.DataFrame = pd.json_normalize(facts)
    return dict(flat.iloc[0])
