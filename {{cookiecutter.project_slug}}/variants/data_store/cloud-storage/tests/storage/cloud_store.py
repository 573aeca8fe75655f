"""What the tests of storage need of Google Cloud: an emulator and a bucket."""

import os

from google.cloud import storage

EMULATORS = ("STORAGE_EMULATOR_HOST",)


def make(name):
    """Make an empty bucket, and give the variable that names it."""
    storage.Client(os.environ["GCP_PROJECT_ID"]).create_bucket(f"bucket-{name}")
    return {"GCS_BUCKET": f"bucket-{name}"}
