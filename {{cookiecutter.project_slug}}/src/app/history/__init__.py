"""What was predicted, and what proved true.

`predictions` are the API's answers, each with its label if one came.
`batch_runs` are the tables that `batch` scored.  # >>> sprint >= 4
`labels` stores what proved true from a file, `frames` turns rows into frames.  # >>> sprint >= 4
"""
# >>> sprint >= 4

COMMANDS = {"labels": "labels:main"}
# <<<
