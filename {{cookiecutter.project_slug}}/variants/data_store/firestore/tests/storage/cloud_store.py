"""What the tests of storage need of Google Cloud: emulators, a bucket and a database."""

import os

from google.cloud import storage

EMULATORS = ("STORAGE_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST")


def make(name):
    """Make an empty bucket, and give the variables that name it and a database."""
    storage.Client(os.environ["GCP_PROJECT_ID"]).create_bucket(f"bucket-{name}")
    return {"GCS_BUCKET": f"bucket-{name}", "FIRESTORE_DATABASE": f"data-{name}"}
