"""Versions of the model, which never change, and the pointer to the champion.

`records` says what is known of a version, with types. `versions` keeps versions, their evaluations
and who is champion. `predictor` answers records with a version; it is the one place that predicts.
`reference` keeps the examples that a version was made with.
"""

COMMANDS = {"rollback": "versions:rollback", "prune": "versions:prune"}
