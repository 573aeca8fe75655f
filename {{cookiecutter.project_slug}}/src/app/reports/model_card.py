"""The model card: what a version is for, how good it is and where not, and where it comes from."""

from app import schema
from app.contract import columns
from app.registry.records import Evaluation, VersionRecord


def describe(record: VersionRecord, evaluation: Evaluation) -> str:
    """Describe a version in Markdown, from its record and its evaluation alone.

    The headings are some of those of Mitchell et al., "Model Cards for Model Reporting" (2019).
    """
    rows = {
        "Version": f"`{record.version}`",
        "Answers": f"{columns.target().label} ({record.task})",
        "For": (schema.Record.__doc__ or "").strip(),
        "Learnt from": f"{record.data.rows:,} examples, fingerprint `{record.data.fingerprint}`",
        "Quality": _quality(evaluation),
        "Weakest where": _weakest(evaluation),
        "Looks most at": _looks_at(evaluation),
        "Parameters": _listed(record.hyperparameters),
        "Code": f"commit `{record.git_commit}`, contract `{record.contract}`",
        "Libraries": _listed(record.libraries),
        "File": f"ONNX, sha256 `{record.sha256[:16]}`…",
        "Gate": " ".join([evaluation.verdict, *(evaluation.reasons or ())]),
    }
    lines = [f"| **{name}** | {text} |" for name, text in rows.items()]
    return "| | |\n|---|---|\n" + "\n".join(lines) + "\n"


def describe_scores(evaluation: Evaluation) -> str:
    """Give every metric of model and baseline, and the main one of each slice, in Markdown."""
    rows = [
        ("all held-out examples", name, score, evaluation.baseline[name])
        for name, score in evaluation.model.items()
    ]
    rows += [
        (f"{where} ({part.rows} rows)", evaluation.metric, part.model, part.baseline)
        for where, part in evaluation.slices.items()
    ]
    lines = [f"| {where} | {name} | {a:.3f} | {b:.3f} |" for where, name, a, b in rows]
    return "\n".join(["| where | metric | model | baseline |", "|---|---|---|---|", *lines])


def _quality(evaluation: Evaluation) -> str:
    scores = f"{evaluation.metric} {evaluation.score:.3f} on held-out examples; "
    scores += f"a baseline has {evaluation.baseline_score:.3f}"
    if evaluation.champion:
        former = evaluation.champion[evaluation.metric]
        scores += f", the champion of that time (`{evaluation.against}`) {former:.3f}"
    return scores


def _weakest(evaluation: Evaluation) -> str:
    if not evaluation.slices:
        return "no slice has enough rows to say"
    where, part = min(evaluation.slices.items(), key=lambda named: named[1].model)
    return f"{where}: {evaluation.metric} {part.model:.3f} on {part.rows} rows"


def _looks_at(evaluation: Evaluation) -> str:
    lost = evaluation.importance
    return ", ".join(sorted(lost, key=lambda name: -lost[name])[:3]) or "not measured"


def _listed(named: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items())
