"""The names of the tables, and who writes each."""

EXAMPLES = "examples"
"""Written by `data`: clean rows with a known target."""

EXAMPLES_MARK = "examples.txt"
"""The object that names the data in `examples`, by their fingerprint."""
# >>> sprint >= 4

BATCH_PREDICTIONS = "batch_predictions"
"""Written by `batch`, a table for each run: features with the champion's answers; see `history`."""
# <<<
# >>> sprint >= 3

PREDICTIONS = "predictions"
"""Written by the API: each record that was asked, and its answer."""

LABELS = "labels"
"""Written by the API and by `labels`: what proved true for a prediction."""
# <<<
# >>> sprint >= 6

MONITORING = "monitoring"
"""Written by `monitor`: what it compared in each window, and how far apart it was."""
# <<<

# >>> sprint < 3
PARTITIONED_BY: dict[str, str] = {}
# <<<
# >>> sprint >= 3
PARTITIONED_BY = {PREDICTIONS: "predicted_at", LABELS: "labelled_at"}
# <<<
"""The time by which a store that can do so keeps the days of a table apart."""
