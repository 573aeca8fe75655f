"""Records of an older format: refused with the command that converts them, and judged again."""

import json

import pytest

SPLIT_NUMBERS = """
import hashlib, json, sys
from pathlib import Path
import onnx
file, record = Path(sys.argv[1], "model.onnx"), Path(sys.argv[1], "record.json")
model = onnx.load(file)
numbers, *others = model.graph.input
first = next(node for node in model.graph.node if node.op_type == "Identity")
names = [f"n{n}" for n in range(numbers.type.tensor_type.shape.dim[1].dim_value)]
first.CopyFrom(onnx.helper.make_node("Concat", names, first.output, first.name, axis=1))
own = [onnx.helper.make_tensor_value_info(name, 1, [None, 1]) for name in names]
del model.graph.input[:]
model.graph.input.extend([*own, *others])
onnx.save(model, file)
fields = json.loads(record.read_text(encoding="utf-8"))
fields["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
record.write_text(json.dumps(fields), encoding="utf-8")
"""
"""Gives a model and its record the form that they had: an input for each number."""

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("convert")]


def to_format_2(fields, name):
    """Give a record as the second format had it."""
    added = ("seal", "baseline_name", "recalls", "twins", "gaps", "not_compared", "accepted")
    fields = {field: value for field, value in fields.items() if field not in added}
    if name == "record.json":
        fields["data"] = {field: fields["data"][field] for field in ("fingerprint", "rows")}
    else:
        del fields["data"]
    return fields | {"format": 2}


def to_format_1(text, name):
    """Write a record as the first format had it."""
    fields = to_format_2(json.loads(text), name)
    del fields["format"]
    if name == "record.json":
        fields["versions"] = fields.pop("libraries")
        return json.dumps(fields)
    metric = fields.pop("metric")
    for scores in (fields["model"], fields["baseline"]):
        others = {n: score for n, score in scores.items() if n != metric}
        main = {metric: scores[metric]}
        scores.clear()
        scores.update(main | others)
    return json.dumps(fields)


@pytest.fixture(scope="module")
def project(bake):
    """Generate a project with a champion."""
    made = bake()
    for task in ("data", "train", "evaluate", "gate", "promote"):
        made.poe(task)
    return made


def test_records_of_an_older_format_are_refused_converted_and_judged_again(project):
    search = project.path / "local/objects/tuning/a-search.json"  # has no format, and stays
    search.parent.mkdir()
    search.write_text('{"chosen": {}, "tried": []}', encoding="utf-8")
    (folder,) = (project.path / "local/objects/models").iterdir()
    before = {}
    for name in ("record.json", "evaluation.json", "passed.json"):
        before[name] = json.loads((folder / name).read_text(encoding="utf-8"))
        text = to_format_1(json.dumps(before[name]), name)
        (folder / name).write_text(text, encoding="utf-8")
    served = (folder / "model.onnx").read_bytes()
    assert project.run("python", "-c", SPLIT_NUMBERS, str(folder)).returncode == 0

    refused = project.run("poe", "runs")
    assert "record.json is not of format 4" in refused.stderr
    assert "`uv run poe convert`" in refused.stderr
    assert "Traceback" not in refused.stderr

    printed = project.poe("convert")
    assert "passed.json: the gate agrees" in printed
    for name, fields in before.items():
        converted = json.loads((folder / name).read_text(encoding="utf-8"))
        guessed = ("seal", "baseline_name", "recalls", "twins", "gaps")  # were not measured then
        assert {n: v for n, v in converted.items() if n not in guessed} == {
            n: v for n, v in fields.items() if n not in guessed
        }
        old = folder / name.replace(".json", ".format-1.json")
        assert "format" not in json.loads(old.read_text(encoding="utf-8")), "the old text is kept"
    assert (folder / "model.onnx").read_bytes() == served
    assert (folder / "model.format-3.onnx").read_bytes() != served
    assert "has today's format already" in project.poe("convert")
    assert "champion" in project.poe("runs")


def test_a_champion_that_the_gate_refuses_now_is_told(project):
    (folder,) = (project.path / "local/objects/models").iterdir()
    for name in ("record.json", "evaluation.json", "passed.json"):
        fields = json.loads(to_format_1((folder / name).read_text(encoding="utf-8"), name))
        if name == "passed.json":
            fields["baseline"] = dict.fromkeys(fields["baseline"], 0.99)
        (folder / name).write_text(json.dumps(fields), encoding="utf-8")

    assert "passed.json: the gate refuses: " in project.poe("convert")
    code = "from app.registry import versions; versions.load_champion()"
    assert "did not pass the gate" in project.run("python", "-c", code).stderr
