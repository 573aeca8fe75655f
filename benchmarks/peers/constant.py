"""What Flask and our server alone cost: the body is read, the answer never changes."""

import sys
from types import SimpleNamespace

from app.api import server
from flask import Flask, request

app = Flask(__name__)
app.extensions["serving"] = SimpleNamespace(model=SimpleNamespace(predictor="constant"))


@app.post("/predict")
def predict():
    """Answer the same to everyone."""
    request.get_data(cache=False)
    return {"model_version": "constant", "predictions": []}


if __name__ == "__main__":
    server.serve(app, "127.0.0.1", int(sys.argv[1]))
