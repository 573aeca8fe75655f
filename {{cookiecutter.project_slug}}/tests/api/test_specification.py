import openapi
import pytest
import yaml

from app.api import handlers, spec
from app.errors import ConfigError

pytestmark = [pytest.mark.service, pytest.mark.integration]


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
