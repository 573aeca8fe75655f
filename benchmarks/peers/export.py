"""In a project: train a forest, promote it, and keep what its peers need: `model.joblib`, rows."""

import json
import sys

import joblib
from app.contract import columns
from app.data import split
from app.registry import versions
from app.training import evaluate, gate
from app.training.model import build_model, to_x, to_xy
from app.training.train import train

folder, leaf = sys.argv[1], int(sys.argv[2])
examples = split.read_examples()
version = train(examples, min_samples_leaf=leaf)
evaluate.main(version)
versions.add_verdict(version, [])  # it is measured whatever the gate would say
gate.promote(version)
parts = split.hold_out(examples)
joblib.dump(build_model(min_samples_leaf=leaf).fit(*to_xy(parts.train)), f"{folder}/model.joblib")
whole = parts.train.dropna().head(100)  # without gaps: one of the peers cannot read them
features = {name: whole[name].tolist() for name in columns.features()}
x = to_x(features)
rows = {
    "records": [
        dict(zip(features, row, strict=True)) for row in zip(*features.values(), strict=True)
    ],
    "columns": {name: x[name].tolist() for name in x},
}
with open(f"{folder}/rows.json", "w", encoding="utf-8") as file:
    json.dump(rows, file)
