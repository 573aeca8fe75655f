"""The monitor: quiet where nothing changed, and each kind of drift told apart from the others."""

import io
import random

import numpy as np
import pandas as pd
import pytest
from history.served import like_training, plain, serve

from app import schema
from app.contract import columns
from app.contract.columns import Column
from app.errors import ModelRefused
from app.history import batch_runs, predictions
from app.monitoring import drift, monitor
from app.pipeline import batch
from app.registry import reference
from app.storage import open_storage, tables
from app.training import metrics

pytestmark = [pytest.mark.model, pytest.mark.integration]


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Keep what the monitor writes out of docs/."""
    monkeypatch.setattr(monitor, "PAGE", tmp_path / "DRIFT.md")
    return tmp_path


@pytest.fixture
def examples(champion):
    """Give a window of examples like those of training."""
    return like_training(champion, monitor.WINDOW)


def comparisons():
    """Count those of features: one each, and one more of new values where any value may come."""
    return sum(1 if column.options else 2 for column in columns.features().values())


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


def test_what_is_like_training_stays_quiet(champion, examples, pages):
    truths = serve(champion, examples)
    new = examples["held_out"].tolist()  # errors are compared with those on rows that were new
    predictions.add_labels({id_: truth for id_, truth in truths.items() if new[int(id_)]})

    monitor.main()

    stored = open_storage().read(tables.MONITORING).to_pandas()
    assert not stored["alarm"].any()
    kinds = {"data", "target", "concept"} if sum(new) >= monitor.FEWEST else {"data", "target"}
    assert set(stored["kind"]) == kinds
    assert len(stored) == comparisons() + (3 if "concept" in kinds else 1)
    page = (pages / "DRIFT.md").read_text(encoding="utf-8")
    assert f"0 of {len(stored)} comparisons alarm" in page
    assert (pages / "figures/drift.png").stat().st_size > 5000


def test_a_shifted_number_alarms_as_data_drift_and_names_the_feature(
    champion, examples, number, pages
):
    def shift(record):
        if record[number.name] is not None:
            top = number.maximum
            record[number.name] = type(record[number.name])(top - (top - number.minimum) / 100)

    serve(champion, examples, change=shift)

    with pytest.raises(monitor.DriftFound, match=f"data drift of '{number.name}'"):
        monitor.main()

    assert "**alarm**" in (pages / "DRIFT.md").read_text(encoding="utf-8")


def test_missing_values_alarm_as_data_drift(champion, examples, number, pages):
    def lose(record):
        if random.random() < 0.5:
            record[number.name] = None

    random.seed(1)
    serve(champion, examples, change=lose)

    with pytest.raises(monitor.DriftFound, match=f"data drift of '{number.name}'"):
        monitor.main()


def test_another_relation_alarms_as_concept_and_not_as_data_drift(champion, examples, pages):
    truths = serve(champion, examples)
    predictions.add_labels({id_: another(truth, examples) for id_, truth in truths.items()})

    with pytest.raises(monitor.DriftFound) as caught:
        monitor.main()

    problems = "\n".join(caught.value.problems)
    assert f"concept drift of '{metrics.main_name()}'" in problems
    assert ": data drift of" not in problems


def another(truth, rows):
    """Give a truth that the model cannot know: another class, or a much larger number."""
    values = rows[schema.TARGET]
    if columns.task() == "regression":
        return plain(values.astype(float).std() * 5 + truth)
    return next(plain(value) for value in values.unique() if value != truth)


def test_labels_that_come_after_many_more_predictions_are_judged_all_the_same(
    champion, examples, pages, monkeypatch
):
    monkeypatch.setattr(monitor, "WINDOW", 40)
    monkeypatch.setattr(monitor, "WINDOWS", 1)
    truths = serve(champion, examples.head(40))
    serve(champion, examples, first=40)
    predictions.add_labels({id_: another(truth, examples) for id_, truth in truths.items()})

    with pytest.raises(monitor.DriftFound, match="concept drift"):
        monitor.main()


def test_a_tail_that_grows_alarms_though_its_deciles_stay(champion, number):
    before = reference.read(champion)
    now = before.sample(200, replace=True, random_state=1).reset_index(drop=True)
    far = 100 * pd.to_numeric(before[number.name]).abs().max() + 1
    values = pd.to_numeric(now[number.name]).astype(float)
    now[number.name] = values.mask(now.index % 10 == 0, far)

    alarms = {finding.name for finding in drift.of_records(before, now) if finding.alarm}

    assert f"{number.name}: new values" in alarms


def test_texts_that_are_all_new_alarm(monkeypatch, champion):
    before = reference.read(champion)
    column = Column("town", "string", (), False, "Town", None, None, "unknown", str)
    monkeypatch.setattr(columns, "features", lambda: {"town": column})
    known = before.assign(town=[f"town {n % 150}" for n in range(len(before))])
    new = known.sample(300, replace=True, random_state=1)
    new = new.assign(town=[f"new {n}" for n in range(300)])
    same = known.sample(300, replace=True, random_state=1)

    for now, alarms in ((new, True), (same, False)):
        found = {finding.name: finding.alarm for finding in drift.of_records(known, now)}
        assert found["town: new values"] is alarms


def test_labels_of_one_group_are_no_data_drift(champion, category, pages, monkeypatch):
    """Rows that have a label are judged by it, and add nothing to the sample that is compared."""
    monkeypatch.setattr(reference, "ROWS", 100)
    batch.main("run")
    run = batch_runs.whole()[0][-1]
    every, _ = batch_runs.scored(run.table, 10_000)
    group = [row for row in every if row[category.name] == category.choices[0]]
    predictions.add_labels({row["id"]: row["prediction"] for row in group})

    sample, labelled = batch_runs.scored(run.table, reference.ROWS // 2)

    assert len(labelled) == len(group)
    of_group = [
        [row[category.name] == category.choices[0] for row in rows] for rows in (every, sample)
    ]
    assert np.mean(of_group[1]) == pytest.approx(np.mean(of_group[0]), abs=0.15)


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


def test_the_figure_shows_the_largest_of_many_and_says_how_many_there_are():
    def finding(n):
        return {"name": f"feature_{n:02d}", "effect": n / 100, "limit": 0.2, "source": "batch"}

    until = pd.Timestamp("2026-03-02", tz="UTC")
    figure = monitor.draw(pd.DataFrame([finding(n) | {"until": until} for n in range(64)]))

    (place,) = figure.axes
    figure.savefig(io.BytesIO(), dpi=40)
    assert place.get_title() == "batch: 12 of 64 comparisons, the largest now"
    named = [text.get_text() for text in place.get_legend().get_texts()]
    assert named == [f"feature_{n}" for n in range(63, 51, -1)]


def test_few_predictions_are_not_judged(champion, examples, pages):
    serve(champion, examples.head(monitor.FEWEST - 1))

    monitor.main()

    assert not (pages / "DRIFT.md").exists()


def test_only_the_newest_window_alarms_and_all_are_kept(champion, examples, number, pages):
    def shift(record):
        record[number.name] = type(number.example)(number.minimum)

    serve(champion, examples, change=shift)
    serve(champion, examples, first=monitor.WINDOW)

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
    assert len(stored) == (batch.KEPT + 1) * (comparisons() + 1)
