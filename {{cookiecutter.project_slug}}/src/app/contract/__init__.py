"""What follows from `schema.py`, for files, requests and models alike.

`rules` checks `schema.py` itself, before any command. `columns` describes each field, the target
and the task. `parsing` turns texts and JSON into typed values, or says in sentences which rule is
broken. `model_inputs` turns columns into arrays, the same for training and for serving.
"""

CHECKS = COMMANDS = {"schema": "rules:require_valid"}
