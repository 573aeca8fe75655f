"""All stages in one run, on a laptop or on Vertex AI, and what only a run needs.

`run` starts it in one of four ways, `graph` builds it for Kubeflow from the stages of all rooms,
`components` and `steps` are its steps. `deploy` proves that the API serves the champion, `batch`
scores the whole table.
"""

STAGES = {"deploy": "deploy:main", "batch": "batch:main"}
COMMANDS = {"pipeline": "run:main", "pipeline-if-new": "run:if_new"}
