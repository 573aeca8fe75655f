"""Answers that were given before, as the API remembers them."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from app import schema
from app.contract import columns
from app.registry import reference, versions
from app.storage import open_storage, tables

START = datetime(2026, 3, 2, tzinfo=UTC)


def plain(value):
    """Turn a value of a frame into one of Python's own, None if it is missing."""
    return None if pd.isna(value) else getattr(value, "item", lambda: value)()


def like_training(version, rows):
    """Give examples as they were held out or trained on, drawn by chance."""
    return reference.read(version).sample(rows, replace=True, random_state=1)


def serve(version, examples, first=0, change=lambda record: None):
    """Remember answers to examples, a minute apart; give the ids and what proved true."""
    names, given, truths = list(columns.features()), [], {}
    records = [{k: plain(v) for k, v in row.items()} for row in examples[names].to_dict("records")]
    for record in records:
        change(record)
    for n, answer in enumerate(versions.load(version).predict(records)):
        at = START + timedelta(minutes=first + n)
        given.append(row(f"{first + n}", version, records[n], answer.prediction, at=at))
        truths[f"{first + n}"] = plain(examples[schema.TARGET].iloc[n])
    remember(given)
    return truths


def row(id_, version, record, prediction, *, at, probability=None):
    """Give a prediction as the API keeps it."""
    made = {"model_version": version, "predicted_at": at}
    return {
        "id": id_,
        "record": record,
        "prediction": prediction,
        "probability": probability,
    } | made


def remember(given):
    """Append predictions to their table."""
    open_storage().append(tables.PREDICTIONS, given)
