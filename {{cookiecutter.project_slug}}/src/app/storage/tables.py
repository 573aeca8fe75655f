"""The names of the tables, and who writes each."""

EXAMPLES = "examples"
"""Written by `data`: clean rows with a known target."""

BATCH_PREDICTIONS = "batch_predictions"
"""Written by `batch`: the examples' features with the champion's answers."""

PREDICTIONS = "predictions"
"""Written by the API: each record that was asked, and its answer."""

LABELS = "labels"
"""Written by the API: what proved true for a prediction."""
