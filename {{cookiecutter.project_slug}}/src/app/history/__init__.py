"""What was predicted, and what proved true.

`predictions` are the API's answers, each with its label if one came. `labels` stores what proved
true from a file. `batch_runs` are the tables that `batch` scored. `frames` turns rows into frames.
"""

COMMANDS = {"labels": "labels:main"}
