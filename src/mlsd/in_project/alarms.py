"""How often does the monitor alarm? Where nothing changed, and where something is changed.

Runs in a project, by `mlsd alarms`, with the project's own Python and settings.
`uv run poe alarms [SEEDS]` halves the champion's reference by chance, SEEDS times (200), changes
one half in one way, and prints the share of the halves that alarm. Nothing is stored.
"""

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from app import schema
from app.__main__ import guarded
from app.contract import columns
from app.errors import ConfigError, ModelRefused
from app.monitoring import drift
from app.registry import reference, versions
from app.registry.predictor import Predictor

KINDS = ("data", "target", "concept")

_NUMBERS = [name for name, column in columns.features().items() if column.quantity]
_CATEGORIES = [name for name in columns.features() if name not in _NUMBERS]


def nothing(rows: pd.DataFrame, _chance: np.random.Generator) -> pd.DataFrame:
    """Leave all as it is."""
    return rows


def higher(rows: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Raise one number by a standard deviation."""
    name = str(chance.choice(_NUMBERS))
    values = pd.to_numeric(rows[name]).astype(float)
    return rows.assign(**{name: values + values.std()})


def tail(rows: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Make the largest tenth of one number a hundred times larger."""
    name = str(chance.choice(_NUMBERS))
    values = pd.to_numeric(rows[name]).astype(float)
    return rows.assign(**{name: values.where(values.rank(pct=True) <= 0.9, values * 100)})


def commoner(rows: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Give half of the rows the rarest value of one category."""
    name = str(chance.choice(_CATEGORIES))
    rarest = rows[name].value_counts().index[-1]
    return rows.assign(**{name: rows[name].where(chance.random(len(rows)) < 0.5, rarest)})


def gaps(rows: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Lose a third of one feature's values."""
    name = str(chance.choice(list(columns.features())))
    kept = chance.random(len(rows)) > 1 / 3
    return rows.assign(**{name: rows[name].astype(object).where(kept, None)})


def relation(rows: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Let the truths of half of the rows change places: each by itself stays as common."""
    truth = rows[schema.TARGET].to_numpy(copy=True)
    half = chance.permutation(len(rows))[: len(rows) // 2]
    truth[half] = chance.permutation(truth[half])
    return rows.assign(**{schema.TARGET: truth})


Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
CASES: dict[str, Change] = {"nothing changed": nothing}
CASES |= {"a number is higher by a standard deviation": higher} if _NUMBERS else {}
CASES |= {"the largest tenth of a number is times 100": tail} if _NUMBERS else {}
CASES |= {"a rare category has half of the rows": commoner} if _CATEGORIES else {}
CASES |= {
    "a third of a feature's values is missing": gaps,
    "half of the truths change places": relation,
}


def main() -> None:
    """Print a row per case: the share of windows that alarm, by kind of drift."""
    seeds, version = _seeds(), versions.champion().version
    if version is None:
        raise ModelRefused("there is no champion: run `uv run poe pipeline`.")
    examples, predictor = reference.read(version), versions.load(version)
    print(f"{seeds} windows of {len(examples) // 2} rows, each beside as many; share that alarms:")
    print(f"{'':44}" + "".join(f"{kind:>9}" for kind in KINDS))
    for name, change in CASES.items():
        alarms = [alarming(examples, predictor, change, seed) for seed in range(seeds)]
        shares = [sum(kind in kinds for kinds in alarms) / seeds for kind in KINDS]
        print(f"{name:44}" + "".join(f"{share:9.1%}" for share in shares))


def alarming(examples: pd.DataFrame, predictor: Predictor, change: Change, seed: int) -> set[str]:
    """Give the kinds of drift that alarm when one half of the examples is changed."""
    chance = np.random.default_rng(seed)
    mixed = examples.iloc[chance.permutation(len(examples))].reset_index(drop=True)
    before, now = mixed.iloc[::2].assign(held_out=True), change(mixed.iloc[1::2], chance)
    answers = predictor.labels(predictor.scores(now))
    now = now.assign(prediction=answers, label=now[schema.TARGET])
    findings = [*drift.of_records(before, now), *drift.of_labels(before, now)]
    return {finding.kind for finding in findings if finding.alarm}


def _seeds() -> int:
    given = sys.argv[1] if len(sys.argv) > 1 else "200"
    if given.isascii() and given.isdigit() and int(given):
        return int(given)
    raise ConfigError(f"alarms {given}: say how many windows to draw, 1 or more.")


if __name__ == "__main__":
    guarded(main)
