"""What users need, asked of a running API from outside.

With the variable ACCEPTANCE_URL, `uv run poe test -m acceptance` asks a deployed one, and leaves
one prediction there.
"""

import os
import time

import pytest

from app import client, contract, deploy
from app.errors import ApiUnavailable, InvalidData

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
    with deploy.running_api():
        wait_until_ready()
        yield


def wait_until_ready():
    for _ in range(300):
        try:
            client.ask("/ready")
            return
        except ApiUnavailable:
            time.sleep(0.1)
    pytest.fail("the API is not ready after 30 s")


def test_somebody_asks_once_and_learns_the_answer_and_how_sure_it_is(system):
    answer = client.ask("/predict?keep=false", contract.example_record())["predictions"][0]

    if contract.task() == "classification":
        assert 0 < answer["probability"] <= 1
        assert str(answer["prediction"]) in answer["probabilities"]
    else:
        assert isinstance(answer["prediction"], float)


def test_somebody_who_mistypes_is_told_what_to_mend(system):
    record = contract.example_record() | {"no_such_field": 1}

    with pytest.raises(
        InvalidData, match="'no_such_field': is not a field of schema.py; the fields"
    ):
        client.ask("/predict", record)


def test_a_program_asks_for_many_at_once_and_gets_them_in_order(system):
    one = client.ask("/predict?keep=false", contract.example_record())["predictions"][0]

    many = client.ask("/predict?keep=false", [contract.example_record()] * 100)["predictions"]

    assert [found["prediction"] for found in many] == [one["prediction"]] * 100


def test_what_was_answered_is_found_again(system):
    given = client.ask("/predict", contract.example_record())["predictions"][0]

    for _ in range(20):
        past = client.ask("/past_predictions?limit=100")["past_predictions"]
        if given["id"] in [row["id"] for row in past]:
            return
        time.sleep(0.5)
    pytest.fail("the prediction is not among the past ones after 10 s")
