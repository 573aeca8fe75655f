"""The model card: what a version is for, how good it is and where not, and where it comes from."""

from typing import Any

from app import contract, schema

Facts = dict[str, Any]


def describe(record: Facts, evaluation: Facts) -> str:
    """Describe a version in Markdown, from its record and its evaluation alone.

    The headings are some of those of Mitchell et al., "Model Cards for Model Reporting" (2019).
    """
    data, main = record["data"], next(iter(evaluation["model"]))
    parameters = ", ".join(f"{name} {value}" for name, value in record["hyperparameters"].items())
    rows = {
        "Version": f"`{record['version']}`",
        "Answers": f"{contract.target().label} ({record['task']})",
        "For": (schema.Record.__doc__ or "").strip(),
        "Learnt from": f"{data['rows']:,} examples, fingerprint `{data['fingerprint']}`",
        "Quality": _quality(evaluation, main),
        "Weakest where": _weakest(evaluation, main),
        "Looks most at": _looks_at(evaluation),
        "Parameters": parameters,
        "Code": f"commit `{record['git_commit']}`, contract `{record['contract']}`",
        "Libraries": ", ".join(f"{name} {one}" for name, one in record["versions"].items()),
        "File": f"ONNX, sha256 `{record['sha256'][:16]}`…",
        "Gate": "refused" if evaluation.get("reasons") else "passed",
    }
    lines = [f"| **{name}** | {text} |" for name, text in rows.items()]
    return "| | |\n|---|---|\n" + "\n".join(lines) + "\n"


def describe_scores(evaluation: Facts) -> str:
    """Give every metric of model and baseline, and the main one of each slice, in Markdown."""
    rows = [
        ("all held-out examples", name, score, evaluation["baseline"][name])
        for name, score in evaluation["model"].items()
    ]
    main = next(iter(evaluation["model"]))
    rows += [
        (f"{where} ({part['rows']:.0f} rows)", main, part["model"], part["baseline"])
        for where, part in evaluation["slices"].items()
    ]
    lines = [f"| {where} | {name} | {a:.3f} | {b:.3f} |" for where, name, a, b in rows]
    return "\n".join(["| where | metric | model | baseline |", "|---|---|---|---|", *lines])


def _quality(evaluation: Facts, main: str) -> str:
    model, baseline = evaluation["model"][main], evaluation["baseline"][main]
    return f"{main} {model:.3f} on held-out examples; a baseline has {baseline:.3f}"


def _weakest(evaluation: Facts, main: str) -> str:
    slices = evaluation["slices"]
    if not slices:
        return "no slice has enough rows to say"
    where = min(slices, key=lambda name: slices[name]["model"])
    return f"{where}: {main} {slices[where]['model']:.3f} on {slices[where]['rows']:.0f} rows"


def _looks_at(evaluation: Facts) -> str:
    lost = evaluation.get("importance") or {}
    return ", ".join(sorted(lost, key=lambda name: -lost[name])[:3]) or "not measured"
