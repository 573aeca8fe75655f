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
        "Learnt from": _learnt_from(record),
        "Quality": _quality(evaluation),
        "Weakest where": _weakest(evaluation),
        "Looks most at": _looks_at(evaluation),
        "Parameters": _listed(record.hyperparameters),
        "Code": f"commit `{record.git_commit}`, contract `{record.contract}`",
        "Libraries": _listed(record.libraries),
        "File": f"ONNX, sha256 `{record.sha256[:16]}`…",
        "Gate": _gate(evaluation),
    }
    lines = [f"| **{name}** | {text} |" for name, text in rows.items()]
    return "\n".join([lines[0], "|---|---|", *lines[1:]]) + "\n"


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
    scores += f"{evaluation.baseline_name} has {evaluation.baseline_score:.3f}"
    if beside := evaluation.champion:
        scores += f". The champion of that time, `{beside.version}`, has "
        scores += f"{beside.champion[evaluation.metric]:.3f}, this model "
        scores += f"{beside.model[evaluation.metric]:.3f} on {beside.rows} rows new to both"
    return scores


def _learnt_from(record: VersionRecord) -> str:
    data = record.data
    return f"{data.learnt:,} of {data.rows:,} examples, fingerprint `{data.fingerprint}`"


def _gate(evaluation: Evaluation) -> str:
    accepted = [f"(accepted: {evaluation.accepted})"] if evaluation.accepted else []
    return " ".join([evaluation.verdict, *(evaluation.reasons or ()), *accepted])


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
