import json
import logging

import pytest
from api.asking import RECORD
from prometheus_client import REGISTRY

from app import logs
from app.config import Cloud

pytestmark = [pytest.mark.service, pytest.mark.integration]


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
