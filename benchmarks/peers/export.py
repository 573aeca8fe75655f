"""In a project: train a forest, promote it, and keep what its peers need: `model.joblib`, rows."""

import json
import sys

import joblib
from app import data, registry
from app.model import build_model, to_x, to_xy
from app.train import train

folder, leaf = sys.argv[1], int(sys.argv[2])
examples = data.read_examples()
version = train(examples, min_samples_leaf=leaf)
registry.add_evaluation(version, {"against": registry.champion().version})
registry.add_verdict(version, [])
registry.promote()
parts = data.split(examples)
joblib.dump(build_model(min_samples_leaf=leaf).fit(*to_xy(parts.train)), f"{folder}/model.joblib")
whole = parts.train.dropna().head(100)  # without gaps: one of the peers cannot read them
columns = data.feature_values(whole)
x = to_x(columns)
rows = {
    "records": [
        dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
    ],
    "columns": {name: x[name].tolist() for name in x},
}
with open(f"{folder}/rows.json", "w", encoding="utf-8") as file:
    json.dump(rows, file)
