"""The facts in three pages: written from registry and data, and compared with them.

A page holds them between two marks; what stands outside is the team's.
"""

import logging
import re
from pathlib import Path

from app import schema
from app.contract import columns
from app.data import ingest, split
from app.errors import ConfigError, InvalidData, StorageUnavailable
from app.registry import versions
from app.reports import model_card

MODEL = Path("docs/MODEL_CARD.md")
RESULTS = Path("docs/EXPERIMENTATION.md")
DATA = Path("docs/DATA_CARD.md")
EMPTY = "Not written yet: run `uv run poe cards`."
_MARKS = re.compile(r"<!-- facts[^>]*-->\n(.*?)\n<!-- end of facts -->", flags=re.DOTALL)
_FINGERPRINT = re.compile(r"fingerprint `(\w+)`")
_log = logging.getLogger(__name__)


def main() -> None:
    """Write the facts into each page that can be written; those of a model need a champion."""
    for page, facts in current().items():
        text = page.read_text(encoding="utf-8")
        start, end = _span(page, text)
        page.write_text(text[:start] + facts + text[end:], encoding="utf-8", newline="\n")
        _log.info("wrote the facts of %s", page)


def check() -> None:
    """Compare the facts of each page that has some with what they are now.

    Raises
    ------
    InvalidData
        A page tells another model's or other data's numbers, or the champion learnt from others.
    """
    stale, facts_now = [], current()
    for page, facts in facts_now.items():
        text = page.read_text(encoding="utf-8")
        start, end = _span(page, text)
        written, name = text[start:end].strip(), page.as_posix()
        if written not in (EMPTY, facts):
            stale.append(f"{name} has facts of another time: run `uv run poe cards`.")
        elif written != EMPTY and len(set(_FINGERPRINT.findall(facts + facts_now[DATA]))) > 1:
            why = "the champion learnt from other data than the source holds now"
            stale.append(f"{name}: {why}: train and promote again, then `uv run poe cards`.")
    if stale:
        raise InvalidData(*stale)


def current() -> dict[Path, str]:
    """Give the facts by page; of the model only where the registry here has a champion."""
    facts, why = {DATA: describe_data()}, "no champion here"
    try:
        version = versions.champion().version
    except StorageUnavailable as error:
        version, why = None, str(error)
    if version is None:
        _log.warning("%s and %s are neither written nor compared: %s", MODEL, RESULTS, why)
        return facts
    record, evaluation = versions.record_of(version), versions.evaluation_of(version)
    facts[MODEL] = model_card.describe(record, evaluation).strip()
    return facts | {RESULTS: model_card.describe_scores(evaluation)}


def describe_data() -> str:
    """Describe the examples that the source gives: how many, what is missing, how the target is."""
    source = ingest.read_source()
    examples = split.to_frame(source.examples)
    target = examples[schema.TARGET]
    if columns.task() == "classification":
        counts = target.map(str).value_counts()
        values = ", ".join(f"{name} {count / len(target):.1%}" for name, count in counts.items())
    else:
        truth = target.astype(float)
        values = f"from {truth.min():g} to {truth.max():g}, mean {truth.mean():.3g}"
    changes = "; ".join(f"{count:,} {what}" for what, count in source.changes.items())
    missing = examples.isna().mean()
    gaps = ", ".join(f"{name} {share:.1%}" for name, share in missing[missing > 0].items())
    rows = {
        "Examples": f"{len(examples):,}, fingerprint `{split.fingerprint(examples)}`",
        "Features": ", ".join(column.label for column in columns.features().values()),
        "Target": f"{columns.target().label}: {values}",
        "Missing": gaps or "nothing",
        "Changed on reading": changes or "nothing",
        "Split": f"by {split.rule(examples)}",
    }
    return "| | |\n|---|---|\n" + "\n".join(f"| **{k}** | {v} |" for k, v in rows.items())


def _span(page: Path, text: str) -> tuple[int, int]:
    """Say where the facts begin and end."""
    marked = _MARKS.search(text)
    if marked is None:
        marks = "`<!-- facts -->` and `<!-- end of facts -->`"
        raise ConfigError(f"{page.as_posix()} has lost its marks: facts stand between {marks}.")
    return marked.span(1)
