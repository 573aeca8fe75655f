"""What people read of versions and data, in pages that commands write.

`runs` compares all versions, and two in detail. `model_card` describes one version. `facts` writes
numbers into the pages of the team, and refuses those of another time.
"""

COMMANDS = {"runs": "runs:main", "diff": "runs:diff"}
COMMANDS |= {"cards": "facts:main", "cards-check": "facts:check"}
