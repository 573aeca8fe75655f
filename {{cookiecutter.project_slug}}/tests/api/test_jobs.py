"""Jobs: accepted at once, done in the background, never lost."""

import shutil
import time

import pytest
from pydantic_core import to_json

from app.contract import columns
from app.storage import open_storage

pytestmark = [pytest.mark.service, pytest.mark.integration]

RECORD = columns.example_record()


def submit(client, records=RECORD):
    answer = client.post("/jobs", json=records)
    assert answer.status_code == 202, answer.text
    assert answer.json["state"] == "waiting"
    return answer.headers["Location"]


def finished(client, job):
    """Ask until the job is no longer waiting."""
    for _ in range(100):
        answer = client.get(job)
        assert answer.status_code == 200, answer.text
        if answer.json["state"] != "waiting":
            return answer.json
        time.sleep(0.05)
    return pytest.fail(f"still waiting: {answer.json}")


def test_a_job_answers_as_a_request_does(client, champion):
    records = [RECORD] * 3
    direct = client.post("/predict", json=records).json

    found = finished(client, submit(client, records))

    assert found["state"] == "done"
    assert found["answer"]["model_version"] == champion
    expected = [p["prediction"] for p in direct["predictions"]]
    assert [p["prediction"] for p in found["answer"]["predictions"]] == expected


def test_the_predictions_of_a_job_are_remembered(client, champion):
    found = finished(client, submit(client))

    past = client.get("/past_predictions").json["past_predictions"]

    assert [p["id"] for p in past] == [p["id"] for p in found["answer"]["predictions"]]


def test_a_bad_record_is_refused_at_the_door(client, champion):
    answer = client.post("/jobs", json=RECORD | {"colour": "red"})

    assert answer.status_code == 422
    assert "is not a field" in answer.json["error"]["problems"][0]
    assert not open_storage().keys("jobs/")


def test_an_unknown_job_is_told(client, champion):
    finished(client, submit(client))
    for job_id in ("unknown", "a b", "..", "x" * 300):
        answer = client.get(f"/jobs/{job_id}")
        assert answer.status_code == 404


def test_a_job_of_a_process_that_ended_is_taken_up(client, champion):
    open_storage().put("jobs/left/records.json", to_json([RECORD]))

    assert client.get("/jobs/left").json["state"] == "waiting"
    assert finished(client, "/jobs/left")["state"] == "done"


def test_a_job_waits_for_a_champion(client, trained, tmp_path):
    job = submit(client)
    time.sleep(0.2)
    assert client.get(job).json["state"] == "waiting"

    shutil.copytree(trained, tmp_path / "store", dirs_exist_ok=True)

    assert finished(client, job)["state"] == "done"


def test_a_job_that_no_longer_keeps_the_contract_fails_with_the_reason(client, champion):
    open_storage().put("jobs/old/records.json", b'[{"colour": "red"}]')

    found = finished(client, "/jobs/old")

    assert found["state"] == "failed"
    assert "'colour': is not a field" in str(found["problems"])


def test_many_jobs_are_all_done_in_the_end(client, champion):
    jobs = [submit(client) for _ in range(50)]

    assert [finished(client, job)["state"] for job in jobs] == ["done"] * 50
