"""Is what is asked, answered and proved true still as it was in training?

`drift` compares two sets of examples. `monitor` compares windows of predictions with what their
model learnt from, stores and prints what it finds, and writes docs/DRIFT.md.
"""

COMMANDS = {"monitor": "monitor:main"}
