"""Models on trial: who answers whom, what is kept, and that none of it can be noticed."""

import re
import runpy
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from api.api_client import start_api

from app.api.journal import CAPACITY
from app.api.trial import TRIALS, Trial
from app.contract import columns
from app.errors import ConfigError, InvalidData
from app.history import predictions
from app.registry import versions
from app.storage import open_storage

pytestmark = [pytest.mark.service, pytest.mark.integration]

RECORD = columns.example_record()
EXPERIMENT = runpy.run_path("scripts/experiment.py")
USERS = [f"user-{n}" for n in range(40)]


class Started:
    """An API, and what is inside."""

    def __init__(self, client, app):
        self.client, self.serving = client, app.extensions["serving"]


@pytest.fixture
def second(twin):
    """Name the version that is on trial."""
    return twin


@pytest.fixture
def start(monkeypatch):
    """Start the API with models on trial."""
    apps = []

    def started(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        apps.append(Started(*start_api()))
        return apps[-1]

    yield started
    for started_app in apps:
        started_app.serving.close()


def answering(api):
    """Ask once for each user, and give who answered."""
    return [ask(api, user)["model_version"] for user in USERS]


def ask(api, user):
    answer = api.client.post("/predict", json=RECORD, headers={"X-User-Id": user})
    assert answer.status_code == 200, answer.text
    return answer.json


def rows(api, table=TRIALS):
    for journal in (api.serving.journal, api.serving.trial):
        assert journal.flush(5)
    return open_storage().read(table).to_pylist()


def test_a_user_is_always_answered_by_the_same_model(start, champion, second):
    api = start(CHALLENGER=second, CHALLENGER_SHARE="50")

    first = answering(api)

    assert set(first) == {champion, second}
    assert answering(api) == first
    assert answering(start()) == first


@pytest.mark.parametrize("share", [0, 100])
def test_the_share_holds(start, champion, second, share):
    api = start(CHALLENGER=second, CHALLENGER_SHARE=str(share))

    assert set(answering(api)) == {second if share else champion}


def test_who_does_not_say_who_he_is_is_answered_by_the_champion(start, champion, second):
    api = start(CHALLENGER=second, CHALLENGER_SHARE="100")

    assert api.client.post("/predict", json=RECORD).json["model_version"] == champion


def test_who_was_answered_by_whom_is_kept_without_names(start, champion, second):
    api = start(CHALLENGER=second, CHALLENGER_SHARE="50")
    answers = [ask(api, user) for user in USERS]
    ids = {answer["predictions"][0]["id"]: answer["model_version"] for answer in answers}

    kept = rows(api)

    assert {row["id"]: row["model_version"] for row in kept} == ids
    assert {row["arm"] for row in kept} == {"champion", "challenger"}
    assert len({row["user"] for row in kept}) == len(USERS)
    assert "user-" not in str(kept)


def test_the_answers_of_a_shadow_are_kept_and_not_given(start, champion, second):
    api = start(SHADOW=second)

    assert set(answering(api)) == {champion}
    kept = rows(api)
    shadows = {row["id"] for row in kept if row["arm"] == "shadow"}
    assert shadows == {row["id"] for row in kept if row["arm"] == "champion"}
    assert {row["model_version"] for row in kept if row["arm"] == "shadow"} == {second}


def test_a_shadow_that_fails_is_not_noticed(start, champion, second, caplog):
    api = start(SHADOW=second)
    ask(api, "user-1")
    rows(api)
    vars(api.serving.trial)["_shadow"].predict = lambda records: 1 / 0

    ask(api, "user-2")

    assert [row["arm"] for row in rows(api)].count("shadow") == 1
    assert f"the shadow {second} failed" in caplog.text


def test_what_cannot_be_kept_is_lost_and_not_noticed(start, champion, second, monkeypatch, caplog):
    api = start(SHADOW=second)
    monkeypatch.setattr(Trial, "waiting", CAPACITY)

    ask(api, "user-1")

    assert "1 rows of trials were answered but not stored" in caplog.text


@pytest.mark.parametrize("variable", ["CHALLENGER", "SHADOW"])
def test_a_model_that_is_refused_is_not_on_trial(start, champion, second, caplog, variable):
    open_storage().put(f"models/{second}/model.onnx", b"corrupt")
    api = start(**{variable: second}, CHALLENGER_SHARE="100")

    assert set(answering(api)) == {champion}
    assert f"{variable}='{second}' is not on trial" in caplog.text


def test_a_challenger_must_have_passed_the_gate(start, champion, second, caplog):
    versions.add_verdict(second, ["too bad"])

    assert set(answering(start(CHALLENGER=second, CHALLENGER_SHARE="100"))) == {champion}
    assert "too bad" in caplog.text


def test_a_share_is_a_percentage(start, champion):
    with pytest.raises(ConfigError, match="CHALLENGER_SHARE=101 is not a percentage"):
        start(CHALLENGER_SHARE="101")


def test_an_experiment_is_judged_by_labels(start, champion, second, capsys):
    api = start(CHALLENGER=second, CHALLENGER_SHARE="50", SHADOW=second)
    users = [*USERS, *(f"another-{n}" for n in range(59))]
    ids = [ask(api, user)["predictions"][0]["id"] for user in users]
    rows(api)
    predictions.add_labels(dict.fromkeys(ids, columns.target().example))

    EXPERIMENT["main"]()

    printed = capsys.readouterr().out
    assert re.search(r"challenger: .*no difference is shown", printed)
    assert re.search(r"shadow: .*n = (\d+) and \1\b.*no difference is shown", printed)


@pytest.mark.parametrize("paired", [True, False])
def test_the_test_sees_what_is_there_and_no_more(paired):
    compare, rng = EXPERIMENT["compare"], np.random.default_rng(1)
    right, wrong, noise = np.zeros(60), np.ones(60), rng.random(60)

    assert "worse" in compare("challenger", wrong, right, paired=paired)
    assert "better" in compare("challenger", right, wrong, paired=paired)
    assert "no difference" in compare("challenger", right, right, paired=paired)
    assert "no difference" in compare("challenger", noise, rng.random(60), paired=paired)
    with pytest.raises(InvalidData, match="29 (users|records)"):
        compare("challenger", right[:29], right, paired=paired)


def test_a_user_counts_once_and_strangers_not():
    judged, now = EXPERIMENT["Judged"], datetime.now(UTC)
    before = now - timedelta(days=1)
    found = [judged("challenger", str(n), "one", now, float(n % 2)) for n in range(10)]
    found += [judged("champion", "x", "", now, 1.0), judged("champion", "y", "two", now, 0.0)]
    found += [judged("champion", "z", "three", before, 1.0)]

    ours, champion = EXPERIMENT["by_user"](found)

    assert ours.tolist() == [0.5]
    assert champion.tolist() == [0.0]


def test_an_earlier_challenger_is_another_trial(start, champion, second):
    third = versions.register(versions.model_of(second), versions.record_of(second))
    versions.add_evaluation(third, versions.evaluation_of(second))
    for challenger in (second, third):
        api = start(CHALLENGER=challenger, CHALLENGER_SHARE="100")
        id_ = ask(api, "one")["predictions"][0]["id"]
        rows(api)
        label = {"label": columns.target().example}
        assert api.client.put(f"/past_predictions/{id_}", json=label).status_code == 200

    assert [row.id for row in EXPERIMENT["read_judged"]()] == [id_]
