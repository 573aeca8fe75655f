"""From the source to examples: what is kept untouched, what is cleaned, what is held out.

`ingest` keeps the source as it came, validates and cleans it, and writes the table of examples;
`reading` reads its rows, or refuses the file.
`split` reads that table, and holds examples out. `eda` describes them.
"""

STAGES = {"ingest": "ingest:ingest", "validate": "ingest:validate"}
COMMANDS = {"data": "ingest:main", "eda": "eda:main"}
