"""The system, one room per stage; a line imports only from lines above it.

errors
config      schema
contract    logs
parsing     features    storage     client
data        predict
model       metrics     history
registry    drift
reference   labels      page
train       batch       eda         drift_page
tune        evaluate    monitor
gate        runs
report      deploy      card
cards
steps
components
pipeline
api         dashboard
server
serve
"""
