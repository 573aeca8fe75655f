"""The system, one room per stage; a line imports only from lines above it.

errors
config      schema
contract    logs
parsing     features    storage
data        predict
model       metrics     history
registry
train       evaluate    batch       eda
api         dashboard
server
serve
"""
