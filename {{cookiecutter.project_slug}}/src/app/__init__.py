"""The system, read as a list of rooms, which are folders: each stands on those above it.

=============  =====================================================================
contract/      what follows from `schema.py`: columns, parsing, inputs of the model
storage/       tables and objects behind one interface, on a laptop or Google Cloud
data/          from the source to a table of examples, and to what is held out
registry/      versions of the model with their records, and who is champion
training/      the model, its training, its evaluation, and the gate
reports/       what people read of versions: runs compared, model card, facts
history/       past predictions, what proved true, runs of batch
api/           predictions over HTTP, and the client that asks for them
pipeline/      all stages in one run, on a laptop or on Vertex AI
dashboard/     pages for people
monitoring/    is what is served still like what was learnt?
=============  =====================================================================

A room imports only rooms above it, and what stands beside them: `schema.py`, which is yours,
and the frame, `errors`, `config`, `logs` and `docs_page`. `uv run poe rooms` draws the imports.
"""

import re

ROOMS = tuple(re.findall(r"^(\w+)/", __doc__ or "", re.MULTILINE))
"""The rooms in this order; `__main__` asks each for its stages and commands."""
