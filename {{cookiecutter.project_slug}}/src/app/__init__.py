"""The system, one room per stage; a line imports only from lines above it.

errors
config      schema
contract    logs
parsing     features    storage
data        predict
model       metrics     history
registry
train       batch       eda
tune        evaluate
gate        runs
report      deploy
steps
components
pipeline
api         dashboard
server
serve
"""
