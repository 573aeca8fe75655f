import json
import logging
import shutil
import threading
import time

import openapi
import pytest
import yaml
from prometheus_client import REGISTRY

from app import logs
from app.api import handlers, spec
from app.config import Cloud
from app.contract import columns, parsing
from app.errors import ConfigError
from app.storage import open_storage
from app.training import gate

pytestmark = [pytest.mark.service, pytest.mark.integration]

RECORD = columns.example_record()


def problems(response, status):
    """Check the one shape of an error, and give its sentences."""
    assert response.status_code == status, response.text
    assert response.json["error"]["code"] == status
    assert "Traceback" not in response.text
    return "\n".join(response.json["error"]["problems"])


def version_becomes(client, version):
    """Ask until the API serves a version; every answer must be a good one."""
    for _ in range(50):
        answer = client.post("/predict", json=RECORD)
        assert answer.status_code == 200, answer.text
        if answer.json["model_version"] == version:
            return True
        time.sleep(0.1)
    return False


def test_one_record_is_predicted_with_its_model(client, champion):
    answer = client.post("/predict", json=RECORD).json

    assert answer["model_version"] == champion
    assert len(answer["predictions"]) == 1
    assert answer["predictions"][0]["prediction"] is not None


def test_many_records_are_predicted_in_order(client, champion):
    first = [
        p["prediction"] for p in client.post("/predict", json=[RECORD] * 3).json["predictions"]
    ]

    assert first == [first[0]] * 3


def test_a_class_comes_with_its_probability(client, champion):
    found = client.post("/predict", json=RECORD).json["predictions"][0]

    if columns.task() == "regression":
        assert found["probability"] is None
    else:
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert found["probability"] == max(found["probabilities"].values())


def test_predictions_are_remembered_newest_first(client, champion):
    ids = [client.post("/predict", json=RECORD).json["predictions"][0]["id"] for _ in range(3)]

    past = client.get("/past_predictions?limit=2").json["past_predictions"]

    assert [p["id"] for p in past] == ids[:0:-1]
    assert past[0]["record"] == parsing.parse_records(RECORD)[0]
    assert past[0]["label"] is None


def test_what_proved_true_is_added_to_a_prediction(client, champion):
    found = client.post("/predict", json=RECORD).json["predictions"][0]
    label = columns.target().example
    for _ in range(2):
        answer = client.put(f"/past_predictions/{found['id']}", json={"label": label})
        assert answer.json == {"id": found["id"], "label": label}

    assert client.get("/past_predictions").json["past_predictions"][0]["label"] == label


def test_an_unknown_id_is_told(client, champion):
    answer = client.put("/past_predictions/unknown", json={"label": columns.target().example})

    assert "no prediction has the id 'unknown'" in problems(answer, 404)


def test_a_label_is_as_strict_as_a_record(client, champion):
    for label in ([], {}, "?", "12.5 ", None):
        told = problems(client.put("/past_predictions/x", json={"label": label}), 422)
        assert "label" in told


def test_a_whole_number_may_have_a_point(client, champion):
    whole = [c.name for c in columns.features().values() if c.kind == "integer"]
    record = RECORD | {name: float(RECORD[name]) for name in whole if RECORD[name] is not None}

    one, other = client.post("/predict", json=[RECORD, record]).json["predictions"]

    assert one["prediction"] == other["prediction"]


def test_an_api_whose_storage_is_gone_is_not_ready(client, champion, tmp_path):
    assert client.get("/ready").status_code == 200
    shutil.rmtree(tmp_path / "store")

    assert "storage is not what it was" in problems(client.get("/ready"), 503)


def test_readers_of_a_slow_store_leave_threads_to_predict(client, champion, monkeypatch):
    monkeypatch.setattr(handlers, "_READERS", threading.Semaphore(0))

    told = problems(client.get("/past_predictions"), 503)

    assert "too many requests wait for storage" in told
    assert client.post("/predict", json=RECORD).status_code == 200


def test_a_wrong_label_is_told(client, champion):
    for body in ({"label": ["?"]}, {"other": 1}, [1]):
        assert "label" in problems(client.put("/past_predictions/x", json=body), 422)


JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b"[" * 100_000, 400, "recursion"),
        (b"{}" + b" " * 10_000_000, 413, "larger than 1 MiB: send fewer records"),
        (b"[]", 422, "0 records: send 1 to 1000"),
        (b"[" + b"{}," * 1000 + b"{}]", 422, "1001 records"),
        (b"[1]", 422, "record 1: 1 must be"),
        (b"null", 422, "record 1"),
    ],
)
def test_a_body_that_is_no_record_is_told(client, champion, body, status, message):
    answer = client.post("/predict", data=body, content_type=JSON)

    assert message in problems(answer, status)
    assert client.get("/past_predictions").json["past_predictions"] == []


def test_a_wrong_content_type_is_told(client, champion):
    answer = client.post("/predict", data=b"{}", content_type="text/plain")

    assert "Content-Type: application/json" in problems(answer, 415)


@pytest.mark.parametrize("value", ["many", [], {}, "1e999", 1e300, -1e300])
def test_a_wrong_number_is_told(client, champion, number, value):
    told = problems(client.post("/predict", json=RECORD | {number.name: value}), 422)

    assert f"record 1, '{number.name}'" in told


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_told(client, champion, number, text):
    body = "{" + f'"{number.name}": {text}' + "}"
    told = problems(client.post("/predict", data=body, content_type=JSON), 422)

    assert f"'{number.name}'" in told


def test_an_unknown_category_is_told(client, champion, category):
    told = problems(client.post("/predict", json=RECORD | {category.name: "Atlantis"}), 422)

    assert "'Atlantis' must be" in told


def test_a_field_too_many_and_a_field_too_few_are_told(client, champion):
    told = problems(client.post("/predict", json=RECORD | {"colour": "red"}), 422)
    assert "'colour': is not a field of schema.py" in told

    needed = [c.name for c in columns.features().values() if not c.nullable]
    for name in needed:
        rest = {key: value for key, value in RECORD.items() if key != name}
        assert f"'{name}': is missing" in problems(client.post("/predict", json=rest), 422)


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


def test_a_champion_that_is_refused_leaves_the_old_one_in_place(client, champion):
    client.post("/predict", json=RECORD)
    open_storage().put("champion.json", b'{"history": ["nobody"]}')

    for _ in range(50):
        assert client.post("/predict", json=RECORD).json["model_version"] == champion
        if problem := client.get("/health").json["problem"]:
            break
        time.sleep(0.1)

    assert "champion nobody is refused" in problem
    assert "nobody" not in client.get("/ready").text


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("record.json", {"version": "another"}, "its record is that of another"),
        ("record.json", {"contract": "another"}, "another schema.py"),
        ("passed.json", {"reasons": ["too bad"]}, "too bad"),
        ("passed.json", {"sha256": "another"}, "did not pass the gate"),
    ],
)
def test_a_model_that_is_not_what_the_gate_passed_is_not_served(
    client, champion, name, change, reason
):
    key = f"models/{champion}/{name}"
    content = json.loads(open_storage().get(key).data) | change
    open_storage().put(key, json.dumps(content).encode())

    assert reason in problems(client.post("/predict", json=RECORD), 503)


def test_the_page_shows_the_form_and_the_answer(client, champion):
    form = client.get("/").text
    for column in columns.features().values():
        assert f'name="{column.name}"' in form

    sent = {name: "" if value is None else str(value) for name, value in RECORD.items()}
    assert champion in client.post("/", data=sent).text


def test_the_page_tells_what_is_wrong_and_keeps_what_was_typed(client, champion, number):
    answer = client.post("/", data={number.name: "<b>many</b>"})

    assert answer.status_code == 422
    assert "&lt;b&gt;many&lt;/b&gt;" in answer.text
    assert "<b>many</b>" not in answer.text


def test_unknown_pages_and_methods_have_the_one_shape(client):
    problems(client.get("/nothing"), 404)
    answer = client.get("/predict")
    assert "not allowed" in problems(answer, 405)
    assert "POST" in answer.headers["Allow"].split(", ")
    for limit in ("x", "0", "1001", "1.5"):
        assert "limit" in problems(client.get(f"/past_predictions?limit={limit}"), 400)


def test_an_answer_and_its_log_share_an_id(client, champion, caplog):
    caplog.set_level(logging.INFO, "app.request")
    given = client.post("/predict", json=RECORD, headers={"X-Request-Id": "my-id.1"})
    bad = client.post("/predict", json={}, headers={"X-Request-Id": "<not an id>"})

    assert given.headers["X-Request-Id"] == given.json["request_id"] == "my-id.1"
    assert bad.headers["X-Request-Id"] == bad.json["request_id"] != "<not an id>"
    good, refused = (record.fields for record in caplog.records if hasattr(record, "fields"))
    assert good["request_id"] == "my-id.1"
    assert good["model_version"] == champion
    assert good["httpRequest"]["status"] == 200
    assert refused["httpRequest"]["status"] == 422


def test_a_line_of_log_is_what_cloud_logging_reads(client, champion, capsys, monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    logs.configure(Cloud("dev", "example-project-123", "europe-west1", "bucket"))
    client.post("/predict", json=RECORD, headers={"X-Cloud-Trace-Context": "abc/1;o=1"})

    line = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert line["severity"] == "INFO"
    assert line["message"] == "POST /predict 200"
    assert line["httpRequest"]["latency"].endswith("s")
    assert line["logging.googleapis.com/trace"] == "projects/example-project-123/traces/abc"


def predicted(version):
    return REGISTRY.get_sample_value("api_predictions_total", {"model_version": version}) or 0


def test_requests_and_predictions_are_counted(client, champion):
    before = predicted(champion)
    client.post("/predict", json=[RECORD] * 3)
    told = client.get("/metrics").text

    assert predicted(champion) == before + 3

    assert 'api_predictions_total{model_version="' + champion in told
    assert 'api_request_seconds_count{operation="predict",status="200"}' in told


def test_the_remote_procedure_call_is_the_same(client, champion):
    answer = client.post("/models/champion:predict", json=RECORD).json

    assert answer["predictions"][0]["prediction"] is not None


def test_the_routes_are_those_of_the_specification(client, rules):
    listed = {(o.path.replace("{", "<").replace("}", ">"), o.method) for o in spec.operations()}
    served = {
        (str(rule), method)
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if str(rule) != "/" and not str(rule).startswith(("/docs", "/static"))
    }

    assert served == listed
    assert yaml.safe_load(client.get("/openapi.yaml").text) == spec.load()
    assert client.get("/docs/").status_code == 200


def test_a_handler_that_answers_another_operation_is_refused(monkeypatch):
    monkeypatch.setitem(handlers.label.__dict__, "route", "PUT /elsewhere")

    with pytest.raises(ConfigError, match="app.api.handlers.label, which does not say so"):
        openapi.check()


def test_a_specification_that_does_not_follow_from_the_schema_is_refused(monkeypatch, tmp_path):
    openapi.check()
    text = spec.FILE.read_text(encoding="utf-8")
    stale = tmp_path / "openapi.yaml"
    stale.write_text(text.replace("title: Record", "title: Old"), encoding="utf-8")
    monkeypatch.setattr(spec, "FILE", stale)

    with pytest.raises(ConfigError, match="run `uv run poe openapi`"):
        openapi.check()
    openapi.write()
    openapi.check()

    assert stale.read_text(encoding="utf-8") == text


def test_no_path_is_one_that_cloud_run_reserves(rules):
    assert not [rule for rule in rules if str(rule).endswith("z")]
