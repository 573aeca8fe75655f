"""The usual server: pandas and scikit-learn behind Flask, without validation, log or metrics."""

import joblib
import pandas as pd
from flask import Flask, request

app = Flask(__name__)
model = joblib.load("model.joblib")


@app.post("/predict")
def predict():
    """Predict a list of records."""
    return model.predict_proba(pd.DataFrame(request.get_json())).tolist()
