import json
import time

import pytest
from api.asking import RECORD, problems

from app.registry import versions
from app.storage import open_storage
from app.training import gate

pytestmark = [pytest.mark.service, pytest.mark.integration]


def version_becomes(client, version):
    """Ask until the API serves a version; every answer must be a good one."""
    for _ in range(50):
        answer = client.post("/predict", json=RECORD)
        assert answer.status_code == 200, answer.text
        if answer.json["model_version"] == version:
            return True
        time.sleep(0.1)
    return False


def test_without_a_champion_the_api_lives_and_says_so(client):
    assert "there is no champion yet" in problems(client.post("/predict", json=RECORD), 503)
    assert "there is no champion yet" in problems(client.get("/ready"), 503)
    health = client.get("/health").json
    assert (health["status"], health["model_version"]) == ("ok", None)
    assert "there is no champion yet" in health["problem"]
    assert client.get("/past_predictions").json == {"past_predictions": []}


def test_a_corrupt_model_is_told(client, champion):
    open_storage().put(f"models/{champion}/model.onnx", b"corrupt")

    assert "the hash differs" in problems(client.post("/predict", json=RECORD), 503)


def test_a_new_champion_is_served_without_a_restart(client, champion, twin):
    assert client.post("/predict", json=RECORD).json["model_version"] == champion
    gate.promote(twin)

    assert version_becomes(client, twin)
    assert client.get("/health").json["confirmed_seconds_ago"] < 5


@pytest.mark.parametrize("pointer", [b'{"history": ["nobody"]}', b"{", b"{}"])
def test_a_champion_that_cannot_be_read_leaves_the_old_one_until_it_is_mended(
    client, champion, twin, pointer
):
    client.post("/predict", json=RECORD)
    open_storage().put("champion.json", pointer)

    for _ in range(50):
        assert client.post("/predict", json=RECORD).json["model_version"] == champion
        if problem := client.get("/health").json["problem"]:
            break
        time.sleep(0.1)

    assert problem
    ready = client.get("/ready")
    assert (ready.status_code, ready.json["problem"]) == (200, problem), "it serves the old one"
    open_storage().put("champion.json", json.dumps({"history": [champion, twin]}).encode())
    assert version_becomes(client, twin)
    assert client.get("/health").json["problem"] is None


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("record", {"version": "another"}, "its record is that of another"),
        ("record", {"contract": "another"}, "another schema.py"),
        ("passed", {"reasons": ["too bad"]}, "too bad"),
        ("passed", {"sha256": "another"}, "did not pass the gate"),
        ("passed", {"data": "another"}, "did not pass the gate"),
    ],
)
def test_a_model_that_is_not_what_the_gate_passed_is_not_served(
    client, champion, name, change, reason
):
    read = {"record": versions.record_of, "passed": versions.evaluation_of}[name]
    content = read(champion).model_copy(update=change).to_json()
    open_storage().put(f"models/{champion}/{name}.json", content)

    assert reason in problems(client.post("/predict", json=RECORD), 503)


def test_swapped_classes_are_refused(client, champion):
    key = f"models/{champion}/record.json"
    fields = json.loads(open_storage().get(key).data)
    fields["classes"] = (fields["classes"] or [1, 2])[::-1]
    open_storage().put(key, json.dumps(fields).encode())

    assert "was edited after it was written" in problems(client.post("/predict", json=RECORD), 503)
