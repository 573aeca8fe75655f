"""What the tests of storage need of Google Cloud: emulators, a bucket and a data set."""

import os

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage

EMULATORS = ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")


def make(name):
    """Make an empty bucket and a data set, and give the variables that name them."""
    project = os.environ["GCP_PROJECT_ID"]
    storage.Client(project).create_bucket(f"bucket-{name}")
    bigquery.Client(project, AnonymousCredentials()).create_dataset(f"data_{name}")
    return {"GCS_BUCKET": f"bucket-{name}", "BQ_DATASET": f"data_{name}"}
