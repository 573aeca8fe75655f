"""The system, one module per stage; a line imports only from the lines above it.

errors
config    schema
contract  interface of storage
parsing   features   storage
data      model      predict   metrics
registry
train     evaluate   batch     eda
api
dashboard demo
"""
