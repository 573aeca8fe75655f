"""The monitor: quiet where nothing changed, and each kind of drift told apart from the others."""

import json
import math
import os
import random
import stat
import sys
from datetime import UTC, datetime, timedelta

import alarms
import numpy as np
import pandas as pd
import pytest
import watch

from app import (
    batch,
    contract,
    drift,
    history,
    labels,
    metrics,
    monitor,
    reference,
    registry,
    schema,
)
from app.errors import ConfigError, DriftFound, InvalidData, ModelRefused
from app.history import Prediction
from app.storage import open_storage, tables

pytestmark = [pytest.mark.model, pytest.mark.integration]

START = datetime(2026, 3, 2, tzinfo=UTC)


def plain(value):
    """Turn a value of a frame into one of Python's own, None if it is missing."""
    return None if pd.isna(value) else getattr(value, "item", lambda: value)()


def serve(version, rows, first=0, change=lambda record: None):
    """Remember answers to examples as the API does, a minute apart; give their ids and truths."""
    names, predictions, truths = list(contract.features()), [], {}
    records = [{k: plain(v) for k, v in row.items()} for row in rows[names].to_dict("records")]
    for record in records:
        change(record)
    for n, found in enumerate(registry.load(version).predict(records)):
        at = START + timedelta(minutes=first + n)
        texts = json.dumps(records[n]), json.dumps(found.prediction)
        predictions.append(Prediction(f"{first + n}", version, *texts, found.probability, at))
        truths[f"{first + n}"] = plain(rows[schema.TARGET].iloc[n])
    history.remember(predictions)
    return truths


@pytest.fixture
def like_training(champion):
    """Give examples as they were held out or trained on, drawn by chance."""
    return reference.read(champion).sample(monitor.WINDOW, replace=True, random_state=1)


def test_the_reference_holds_the_examples_with_the_version_s_answers(champion):
    found = reference.read(champion)

    assert set(found) == {*contract.columns(), "prediction", "held_out"}
    assert found["prediction"].notna().all()
    assert 0 < found["held_out"].sum() < len(found)


def test_a_version_without_a_reference_is_told(champion):
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    with pytest.raises(ModelRefused, match="does not say what it was trained on"):
        reference.read(champion)


@pytest.mark.parametrize(("rows", "width"), [(9, 9.0), (99, 90.0), (100, 91.0), (8, math.inf)])
def test_an_interval_is_as_wide_as_nine_of_ten_residuals_and_one_more(rows, width):
    """The rank ceil(0.9 (n + 1)) of the residuals 1 to n; with too few there is none."""
    numbers = [float(n) for n in range(1, rows + 1)]
    held_out = pd.DataFrame({schema.TARGET: numbers, "prediction": 0.0, "held_out": True})
    trained_on = held_out.assign(held_out=False, prediction=held_out[schema.TARGET])

    assert reference.half_width(pd.concat([held_out, trained_on])) == width


def test_a_run_of_batch_that_cannot_be_compared_is_left_out(champion, pages, caplog):
    batch.main("run")
    open_storage().put(f"models/{champion}/reference.parquet", b"")

    monitor.main()

    assert "batch_predictions_run is not compared" in caplog.text
    assert not (pages / "DRIFT.md").exists()


def test_without_predictions_nothing_is_said(champion, pages):
    monitor.main()

    assert not (pages / "DRIFT.md").exists()


def test_without_a_champion_there_is_nothing_to_monitor():
    with pytest.raises(ModelRefused, match="no champion"):
        monitor.main()


def test_what_is_like_training_stays_quiet(champion, like_training, pages):
    truths = serve(champion, like_training)
    history.add_labels(truths)

    monitor.main()

    stored = open_storage().read(tables.MONITORING).to_pandas()
    assert not stored["alarm"].any()
    assert set(stored["kind"]) == {"data", "target", "concept"}
    assert len(stored) == len(contract.features()) + 3
    page = (pages / "DRIFT.md").read_text(encoding="utf-8")
    assert f"0 of {len(stored)} comparisons alarm" in page
    assert (pages / "figures/drift.png").stat().st_size > 5000


def test_a_shifted_number_alarms_as_data_drift_and_names_the_feature(
    champion, like_training, number, pages
):
    def shift(record):
        if record[number.name] is not None:
            top = number.maximum
            record[number.name] = type(record[number.name])(top - (top - number.minimum) / 100)

    serve(champion, like_training, change=shift)

    with pytest.raises(DriftFound, match=f"data drift of '{number.name}'"):
        monitor.main()

    assert "**alarm**" in (pages / "DRIFT.md").read_text(encoding="utf-8")


def test_missing_values_alarm_as_data_drift(champion, like_training, number, pages):
    def lose(record):
        if random.random() < 0.5:
            record[number.name] = None

    random.seed(1)
    serve(champion, like_training, change=lose)

    with pytest.raises(DriftFound, match=f"data drift of '{number.name}'"):
        monitor.main()


def test_another_relation_alarms_as_concept_and_not_as_data_drift(champion, like_training, pages):
    truths = serve(champion, like_training)
    history.add_labels({id_: another(truth, like_training) for id_, truth in truths.items()})

    with pytest.raises(DriftFound) as found:
        monitor.main()

    told = "\n".join(found.value.problems)
    assert f"concept drift of '{metrics.main_name()}'" in told
    assert ": data drift of" not in told


def another(truth, rows):
    """Give a truth that the model cannot know: another class, or a much larger number."""
    values = rows[schema.TARGET]
    if contract.task() == "regression":
        return plain(values.astype(float).std() * 5 + truth)
    return next(plain(value) for value in values.unique() if value != truth)


def test_labels_that_come_after_many_more_predictions_are_judged_all_the_same(
    champion, like_training, pages, monkeypatch
):
    monkeypatch.setattr(monitor, "WINDOW", 40)
    monkeypatch.setattr(monitor, "WINDOWS", 1)
    truths = serve(champion, like_training.head(40))
    serve(champion, like_training, first=40)
    history.add_labels({id_: another(truth, like_training) for id_, truth in truths.items()})

    with pytest.raises(DriftFound, match="concept drift"):
        monitor.main()


def test_a_rare_category_that_comes_once_is_no_alarm(category):
    """χ² itself would say p = 0: one row, where almost none is expected."""
    rare, common = category.choices[:2]
    before = pd.Series([common] * 5000 + [rare])
    now = pd.Series([common] * 29 + [rare])

    found = drift._compare("data", category, before, now)  # pylint: disable=protected-access # the part

    assert found.p_value > 0.005


def test_many_categories_of_the_same_kind_are_no_alarm(category):
    """Those commonest in one window are rarer in the next: that is chance, not drift."""
    chance = np.random.default_rng(0)

    def alarms_once():
        rows = [pd.Series(chance.integers(80, size=300)).map(str) for _ in range(2)]
        return drift._compare("data", category, *rows).alarm  # pylint: disable=protected-access # the part

    assert sum(alarms_once() for _ in range(100)) <= 4


def test_few_predictions_are_not_judged(champion, like_training, pages):
    serve(champion, like_training.head(monitor.FEWEST - 1))

    monitor.main()

    assert not (pages / "DRIFT.md").exists()


def test_only_the_newest_window_alarms_and_all_are_kept(champion, like_training, number, pages):
    def shift(record):
        record[number.name] = type(number.example)(number.minimum)

    serve(champion, like_training, change=shift)
    serve(champion, like_training, first=monitor.WINDOW)

    monitor.main()

    stored = open_storage().read(tables.MONITORING).to_pandas()
    assert stored["until"].nunique() == 2
    assert stored[stored["alarm"]]["until"].unique().tolist() == [stored["until"].min()]


def test_a_run_of_batch_is_a_window_and_outlives_its_table(champion, pages):
    for n in range(batch.KEPT + 1):
        batch.main(f"run{n}")
        monitor.main()
        monitor.main()

    stored = open_storage().read(tables.MONITORING).to_pandas()
    assert set(stored["source"]) == {"batch"}
    assert stored["until"].nunique() == batch.KEPT + 1
    assert len(stored) == (batch.KEPT + 1) * (len(contract.features()) + 1)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_labels_of_a_file_are_joined_to_predictions_and_to_a_batch(
    champion, like_training, tmp_path
):
    truths = serve(champion, like_training.head(2))
    batch.main("run")
    truths |= {"run-0-3": next(iter(truths.values()))}
    rows = "\n".join(f"{id_},{truth}" for id_, truth in truths.items())

    labels.main(write(tmp_path / "labels.csv", f"id,label\n{rows}\n"))

    assert {row["id"]: row["label"] for row in history.past(10)} == {
        id_: truths[id_] for id_ in ("0", "1")
    }
    scored = history.scored("batch_predictions_run", 10_000)
    assert [row["id"] for row in scored if row["label"] is not None] == ["run-0-3"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,label\n0,x\n", "needs the columns id and label, but id is missing"),
        ("id,label\n0,{}\n0,{}\n", "the id '0' is there twice"),
        ("id,label\nnobody,{}\n", "no prediction has the id 'nobody'"),
        ("id,label\n0,{}\n1,\n", "row 3: is empty"),
        ("id,label\n", "has no row"),
    ],
)
def test_labels_that_cannot_be_are_refused_together(champion, like_training, tmp_path, text, told):
    truths = serve(champion, like_training.head(2))
    truth = next(iter(truths.values()))

    with pytest.raises(InvalidData, match=told):
        labels.main(write(tmp_path / "labels.csv", text.replace("{}", str(truth))))

    assert all(row["label"] is None for row in history.past(10))


def test_a_file_of_labels_that_is_absent_is_told():
    with pytest.raises(InvalidData, match="absent.csv cannot be read"):
        labels.main("absent.csv")


def test_false_alarms_are_rare_and_each_change_is_found(champion):
    """The table of `uv run poe alarms`, with fewer seeds."""
    examples, predictor = reference.read(champion), registry.load(champion)

    def share(case, kind, seeds):
        change = alarms.CASES[case]
        found = [alarms.alarming(examples, predictor, change, seed) for seed in range(seeds)]
        return sum(kind in one for one in found) / seeds

    assert max(share("nothing changed", kind, 20) for kind in alarms.KINDS) <= 0.05
    missing, relation = (
        "a third of a feature's values is missing",
        "half of the truths change places",
    )
    assert share(missing, "data", 10) >= 0.7
    assert share(relation, "concept", 10) >= 0.3  # more, the better the model is
    assert share(relation, "data", 20) <= 0.05


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Play GitHub's command, which needs an account: it notes what it is asked."""
    folder, log = tmp_path / "bin", tmp_path / "gh.log"
    folder.mkdir()
    code = f"import sys; open({str(log)!r}, 'a').write(' '.join(sys.argv[1:3]) + chr(10))"
    script = folder / ("gh.bat" if sys.platform == "win32" else "gh")
    start = "@" if sys.platform == "win32" else "#!/bin/sh\n"
    rest = "%*" if sys.platform == "win32" else '"$@"'
    script.write_text(f'{start}"{sys.executable}" -c "{code}" {rest}\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


def alarm_on(monkeypatch, *arguments):
    def alarm():
        raise DriftFound("the world changed.")

    monkeypatch.setattr(monitor, "main", alarm)
    monkeypatch.setattr(sys, "argv", ["watch.py", *arguments])


def test_nothing_is_done_on_alarm_unless_asked(gh, monkeypatch):
    alarm_on(monkeypatch)

    with pytest.raises(DriftFound):
        watch.main()

    assert not gh.exists()


def test_an_issue_is_opened_and_the_pipeline_asked_on_alarm(gh, monkeypatch):
    ran = []
    monkeypatch.setattr(watch.pipeline, "if_new", ran.append)
    alarm_on(monkeypatch, "--issue", "--retrain")

    with pytest.raises(DriftFound, match="the world changed"):
        watch.main()

    assert gh.read_text().splitlines() == ["issue list", "label create", "issue create"]
    assert ran == ["local"]


def test_what_fails_on_alarm_does_not_hide_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    alarm_on(monkeypatch, "--issue")

    with pytest.raises(DriftFound) as found:
        watch.main()

    assert found.value.problems[0] == "the world changed."
    assert "gh is not installed" in found.value.problems[1]
    assert found.value.exit_code == 2


def test_an_unknown_action_is_told(monkeypatch):
    alarm_on(monkeypatch, "--panic")

    with pytest.raises(ConfigError, match="watch --panic"):
        watch.main()
