"""Predictions over HTTP, as `openapi.yaml` says, and the client that asks for them.

`application` makes the Flask application, `handlers` answer its operations, `serving` predicts with
`loaded_model` and hands each answer to `journal`, `observe` logs and counts requests, `spec` reads
`openapi.yaml`, `error_answers` gives every error one shape, `server` starts it all. `identity`
says who may see past predictions in the cloud. `client` asks an API by its address; other rooms
import only this module, so nothing is imported here.
`trial` tries models on some of the users.  # >>> online_experiments = yes
`jobs` takes records whose answer is asked for later.  # >>> asynchronous_serving = yes
"""

COMMANDS = {"api": "server:main"}
