"""What users need, asked of a running API from outside.

With the variable ACCEPTANCE_URL, `uv run poe test -m acceptance` asks a deployed one, and leaves
one prediction there.
"""

import os
import time

import pytest
from api.running import running

from app.api import client
from app.contract import columns
from app.errors import InvalidData

pytestmark = pytest.mark.acceptance


@pytest.fixture
def system(request, monkeypatch):
    """Ask the system that is named, or start one with a champion."""
    if url := os.environ.get("ACCEPTANCE_URL"):
        monkeypatch.setenv("API_URL", url.rstrip("/"))
        yield
        return
    request.getfixturevalue("champion")
    request.getfixturevalue("free_port")
    with running():
        yield


def test_somebody_asks_once_and_learns_the_answer_and_how_sure_it_is(system):
    answer = client.ask("/predict?keep=false", columns.example_record())["predictions"][0]

    if columns.task() == "classification":
        assert 0 < answer["probability"] <= 1
        assert str(answer["prediction"]) in answer["probabilities"]
    else:
        assert isinstance(answer["prediction"], float)


def test_somebody_who_mistypes_is_told_what_to_mend(system):
    record = columns.example_record() | {"no_such_field": 1}

    with pytest.raises(
        InvalidData, match="'no_such_field': is not a field of schema.py; the fields"
    ):
        client.ask("/predict", record)


def test_a_program_asks_for_many_at_once_and_gets_them_in_order(system):
    single = client.ask("/predict?keep=false", columns.example_record())["predictions"][0]

    many = client.ask("/predict?keep=false", [columns.example_record()] * 100)["predictions"]

    for answer in many:  # a sum of many float32 depends on how many are summed at once
        assert answer["prediction"] == (
            pytest.approx(single["prediction"], rel=1e-5)
            if isinstance(single["prediction"], float)
            else single["prediction"]
        )


def test_what_was_answered_is_found_again(system):
    given = client.ask("/predict", columns.example_record())["predictions"][0]

    for _ in range(20):
        past = client.ask("/past_predictions?limit=100")["past_predictions"]
        if given["id"] in [row["id"] for row in past]:
            return
        time.sleep(0.5)
    pytest.fail("the prediction is not among the past ones after 10 s")
