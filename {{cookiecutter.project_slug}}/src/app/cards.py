"""The facts in three pages: written from registry and data, and compared with them.

A page holds them between two marks; what stands outside is the team's.
"""

import logging
import re
from pathlib import Path

from app import card, contract, data, registry, schema
from app.errors import ConfigError, InvalidData, StorageUnavailable

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
        start, end = _inside(page, text)
        page.write_text(text[:start] + facts + text[end:], encoding="utf-8", newline="\n")
        _log.info("wrote the facts of %s", page)


def check() -> None:
    """Compare the facts of each page that has some with what they are now.

    Raises
    ------
    InvalidData
        A page tells another model's or other data's numbers, or the champion learnt from others.
    """
    stale, found = [], current()
    for page, facts in found.items():
        text = page.read_text(encoding="utf-8")
        start, end = _inside(page, text)
        told = text[start:end].strip()
        if told not in (EMPTY, facts):
            stale.append(f"{page.as_posix()} has facts of another time: run `uv run poe cards`.")
        elif told != EMPTY and len(set(_FINGERPRINT.findall(facts + found[DATA]))) > 1:
            stale.append(
                f"{page.as_posix()}: the champion learnt from other data than the source holds "
                "now: run `uv run poe pipeline`, then `uv run poe cards`."
            )
    if stale:
        raise InvalidData(*stale)


def current() -> dict[Path, str]:
    """Give the facts by page; of the model only where the registry here has a champion."""
    found = {DATA: describe_data()}
    try:
        version = registry.champion().version
    except StorageUnavailable as error:
        _log.warning("%s and %s are neither written nor compared: %s", MODEL, RESULTS, error)
        return found
    if version is None:
        _log.info("no champion here: %s and %s are neither written nor compared", MODEL, RESULTS)
        return found
    record, evaluation = registry.record_of(version), registry.evaluation_of(version)
    facts = card.describe(record, evaluation).strip()
    return found | {MODEL: facts, RESULTS: card.describe_scores(evaluation)}


def describe_data() -> str:
    """Describe the examples that the source gives: how many, what is missing, how the target is."""
    examples = data.read_source()
    target = examples[schema.TARGET]
    if contract.task() == "classification":
        counts = target.map(str).value_counts()
        told = ", ".join(f"{name} {count / len(target):.1%}" for name, count in counts.items())
    else:
        known = target.astype(float)
        told = f"from {known.min():g} to {known.max():g}, mean {known.mean():.3g}"
    missing = examples.isna().mean()
    gaps = ", ".join(f"{name} {share:.1%}" for name, share in missing[missing > 0].items())
    rows = {
        "Examples": f"{len(examples):,}, fingerprint `{data.fingerprint(examples)}`",
        "Features": ", ".join(column.label for column in contract.features().values()),
        "Target": f"{contract.target().label}: {told}",
        "Missing": gaps or "nothing",
        "Split": f"by {schema.TIME or 'a hash of the features'}, {data.TEST_PERCENT} % held out",
    }
    return "| | |\n|---|---|\n" + "\n".join(f"| **{k}** | {v} |" for k, v in rows.items())


def _inside(page: Path, text: str) -> tuple[int, int]:
    """Say where the facts begin and end."""
    found = _MARKS.search(text)
    if found is None:
        raise ConfigError(
            f"{page.as_posix()} has lost its marks: facts stand between the lines "
            "`<!-- facts -->` and `<!-- end of facts -->`."
        )
    return found.span(1)
