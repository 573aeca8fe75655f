"""From examples to a champion: train, evaluate, judge, promote.

`model` is yours: it builds the model and its baseline, and exports to ONNX, where `onnx_inputs`
joins all numbers. `train` fits it and registers a version, `evaluate` scores it, `gate` judges it
and promotes it. `suspicions` measures what a score may owe to leaks and chance, `tune` searches
hyper-parameters, `metrics` scores.
"""

STAGES = {"train": "train:main", "evaluate": "evaluate:main"}
STAGES |= {"gate": "gate:main", "promote": "gate:promote"}
COMMANDS = {"tune": "tune:main"}
