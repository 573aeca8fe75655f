"""The system, read as a list of rooms, which are folders: each stands on those above it.

=============  =====================================================================
contract/      what follows from `schema.py`: columns, parsing, inputs of the model
storage/       tables and objects behind one interface, on a laptop or Google Cloud
data/          from the source to a table of examples, and to what is held out
registry/      versions of the model with their records, and who is champion
training/      the model, its training, its evaluation, and the gate
reports/       what people read of versions: runs compared, model card, facts
history/       past predictions and what proved true of them  # >>> sprint >= 3
api/           predictions over HTTP, and the client that asks for them  # >>> sprint >= 3
pipeline/      all stages in one run, on a laptop or on Vertex AI  # >>> sprint >= 4
optimisation/  what the model costs, and cheaper ones  # >>> sprint >= 4 and optimisation = yes
dashboard/     pages for people  # >>> sprint >= 5
monitoring/    is what is served still like what was learnt?  # >>> sprint >= 6
=============  =====================================================================

A room imports only rooms above it, and what stands beside them: `schema.py`, which is yours,
and the frame, `errors`, `config`, `logs` and `docs_page`. `uv run poe rooms` draws the imports.
"""

import re

ROOMS = tuple(re.findall(r"^(\w+)/", __doc__ or "", re.MULTILINE))
"""The rooms in this order; `__main__` asks each for its stages and commands."""
