"""The report of an evaluation as a page, which Vertex shows in the run."""

import html
from string import Template
from typing import Any

import pandas as pd

from app import gate, metrics, registry
from app.evaluate import Evaluation

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$version</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .75rem; text-align: right }
th:first-child { text-align: left }
</style></head><body>
<h1>$version</h1>
<p><strong>$verdict</strong></p>$reasons
<h2>Held-out examples</h2>
<p>Compared with the baseline and with the champion ($against); the gate compares $main.</p>
$scores
<h2>Slices: $main</h2>
$slices
<h2>Where it comes from</h2>
$lineage
</body></html>
""")


def to_html(version: str) -> str:
    """Describe a version that was evaluated: verdict, scores, slices, lineage."""
    record, stored = registry.record_of(version), registry.evaluation_of(version)
    evaluation = Evaluation(*(stored[name] for name in Evaluation._fields))
    reasons = gate.judge(evaluation)
    items = "".join(f"<li>{html.escape(reason)}</li>" for reason in reasons)
    scores = {"model": evaluation.model, "baseline": evaluation.baseline}
    scores |= {"champion": evaluation.champion} if evaluation.champion else {}
    return _PAGE.substitute(
        version=version,
        verdict="The gate refuses this model:" if reasons else "The gate lets this model pass.",
        reasons=f"<ul>{items}</ul>" if reasons else "",
        against=evaluation.against or "none yet",
        main=metrics.main_name(),
        scores=_table(pd.DataFrame(scores)),
        slices=_table(_slices(evaluation)),
        lineage=_table(pd.DataFrame({"": _lineage(record)})),
    )


def _lineage(record: dict[str, Any]) -> dict[str, str]:
    names = ("version", "git_commit", "contract", "seed", "tuning")
    told = {name: str(record.get(name)) for name in names}
    data = record["data"]
    told["data"] = f"{data['rows']} examples, fingerprint {data['fingerprint']}"
    return told | {name: str(value) for name, value in record["hyperparameters"].items()}


def _slices(evaluation: Evaluation) -> pd.DataFrame:
    columns = ["rows", "model", "baseline"]
    return pd.DataFrame(evaluation.slices, index=columns).T.astype({"rows": int})


def _table(frame: pd.DataFrame) -> str:
    text: str = frame.to_html(border=0, float_format="{:.3f}".format)
    return text
