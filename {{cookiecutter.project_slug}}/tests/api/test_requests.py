import shutil
import threading

import pytest
from api.asking import RECORD, problems

from app.api import handlers
from app.contract import columns, parsing

pytestmark = [pytest.mark.service, pytest.mark.integration]


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
    for limit in ("x", "0", "1001", "1.5", "9" * 5000):
        assert "limit" in problems(client.get(f"/past_predictions?limit={limit}"), 400)


def test_the_remote_procedure_call_is_the_same(client, champion):
    answer = client.post("/models/champion:predict", json=RECORD).json

    assert answer["predictions"][0]["prediction"] is not None
