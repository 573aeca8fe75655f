"""Optimise: the champion beside simpler models made from it, measured; one can be registered."""

import hashlib
import logging
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from app.contract import model_inputs
from app.errors import ConfigError
from app.optimisation import candidates, measuring, page
from app.registry import predictor, records, reference, versions
from app.training import metrics
from app.training.model import build_model, to_xy
from app.training.train import fold_rows, git_commit

FIGURE = Path("docs/figures/optimisation.png")
_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """A model, its main metric on the held-out rows, its size in bytes, and how it answers."""

    name: str
    score: float
    size: int
    measured: measuring.Measured


def main(register: str = "") -> None:
    """Compare the champion with its candidates, in docs/OPTIMISATION.md and a picture.

    With the name of a candidate in `register`, it becomes a version: `poe evaluate` is next.
    """
    champion = candidates.refit()
    if register:
        version = register_candidate(champion, register)
        _log.info("registered %s: `uv run poe evaluate`, then gate and promote", version)
        return
    rows, reasons = compare(champion)
    page.write("optimise", describe(champion, rows, reasons))
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    draw(rows).savefig(FIGURE, dpi=80)
    _log.info("wrote %s", FIGURE.as_posix())


def compare(champion: candidates.Champion) -> tuple[list[Row], dict[str, str]]:
    """Measure the champion, with more and less of its graph optimised, and each candidate.

    Gives the rows, and why those that are missing are missing.
    """
    made = dict(candidates.make_all(champion))
    reasons = {name: model for name, model in made.items() if isinstance(model, str)}
    models = [("champion", champion.content, "all")]
    models += [(f"graph-{level}", champion.content, level) for level in ("off", "basic")]
    models += [(name, model, "all") for name, model in made.items() if isinstance(model, bytes)]
    test = champion.parts.test
    inputs = model_inputs.to_inputs(test)

    def row(name: str, content: bytes, level: str) -> Row:
        quality = score(content, champion.record, test)
        return Row(name, quality, len(content), measuring.alone(content, inputs, level))

    return [row(*model) for model in models], reasons


def score(content: bytes, record: records.VersionRecord, rows: pd.DataFrame) -> float:
    """Give the main metric of a model, made from the version of a record, on rows."""
    model = predictor.Predictor(content, _record_for(content, record))
    labels = model.labels(model.scores(rows))
    _, y = to_xy(rows)
    return metrics.main_score(y, [str(label) for label in labels] if model.classifies else labels)


def register_candidate(champion: candidates.Champion, name: str) -> str:
    """Register a candidate as a version that the gate can judge; give its name.

    Its folds are its own: on each, a model is fitted, and the recipe makes the candidate from it.

    Raises
    ------
    ConfigError
        There is no such candidate.
    NotApplicable
        Nothing is made of this kind of model by it.
    """
    if name not in candidates.RECIPES:
        names = ", ".join(candidates.RECIPES)
        raise ConfigError(
            f"--register={name}: there are {names}. How much of the graph is optimised is a "
            "setting of ONNX Runtime, and no model."
        )
    recipe, parts, former = candidates.RECIPES[name], champion.parts, champion.record
    content = recipe(champion.model, parts.train)
    folds = {"model": _score_folds(champion, recipe)}
    facts: dict[str, Any] = {
        "cross_validation": former.cross_validation.model_copy(update=folds),
        "hyperparameters": former.hyperparameters | {"candidate": name, "of": former.version},
        "git_commit": git_commit(),
        "parity": None,  # scikit-learn has no such model to compare with
    }
    record = _record_for(content, former).model_copy(update=facts)
    model = predictor.Predictor(content, record)
    return versions.register(content, record, reference.make(parts, model))


def describe(champion: candidates.Champion, rows: list[Row], reasons: dict[str, str]) -> str:
    """Describe the models in Markdown: a row for each, and a sentence for each that is missing."""
    heads = f"model | {metrics.main_name()} | bytes | start ms | memory MB"
    for count in measuring.RECORDS:
        heads += f" | p50 ms, {count} rec. | p99 ms, {count} rec."
    cells = [
        [row.name, round(row.score, 3), row.size, row.measured.start, row.measured.memory]
        + [value for count in measuring.RECORDS for value in row.measured.latency[count]]
        for row in rows
    ]
    told = [f"- **{name}** is not there: {reason}" for name, reason in reasons.items()]
    return (
        f"Made from the champion `{champion.record.version}`, judged on its own "
        f"{len(champion.parts.test)} held-out rows. Each was measured in a process of its own.\n\n"
        f"{page.table(heads, cells)}\n\n{chr(10).join(told)}\n\n"
        "![Quality beside latency](figures/optimisation.png)"
    )


def draw(rows: list[Row]) -> Figure:
    """Draw the main metric over the median latency, by records: better is up and left."""
    figure = Figure(figsize=(10, 4), layout="tight")
    one, many = figure.subplots(1, 2, sharey=True)
    for axes, count in zip((one, many), measuring.RECORDS, strict=True):
        for row in rows:
            axes.plot(row.measured.latency[count][0], row.score, "o", label=row.name, alpha=0.7)
        axes.locator_params(axis="x", nbins=4)
        axes.set(xlabel=f"median latency, records in a request: {count}; ms")
    one.set_ylabel(f"{metrics.main_name()}, held out")
    many.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _record_for(content: bytes, record: records.VersionRecord) -> records.VersionRecord:
    return record.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})


def _score_folds(champion: candidates.Champion, recipe: candidates.Recipe) -> list[float]:
    scores = []
    examples = champion.parts.train
    known = candidates.known(champion.record)
    for places in fold_rows(examples):
        fit, judge = (examples.iloc[rows] for rows in places)
        model = build_model(**known).fit(*to_xy(fit))
        scores.append(score(recipe(model, fit), champion.record, judge))
    return scores
