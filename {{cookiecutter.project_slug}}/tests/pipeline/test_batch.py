"""Batch scoring: whole runs only, nothing twice, N shares equal one."""

import json

import pytest

from app.contract import columns
from app.data import ingest, split
from app.errors import ConfigError, ModelRefused, NotFound
from app.history import batch_runs, labels
from app.pipeline import batch
from app.registry import versions
from app.storage import open_storage, tables
from app.storage.local import LocalStorage
from app.training import gate

pytestmark = [pytest.mark.model, pytest.mark.integration]


def score(monkeypatch, run, index=0, count=1):
    monkeypatch.setenv("CLOUD_RUN_TASK_INDEX", str(index))
    monkeypatch.setenv("CLOUD_RUN_TASK_COUNT", str(count))
    batch.main(run)


def rows_of(run):
    """Give a run's rows in an order of their own, without what differs between runs."""
    found = open_storage().read(f"{tables.BATCH_PREDICTIONS}_{run}").to_pylist()
    for row in found:
        del row["scored_at"], row["share"], row["id"]
    return sorted(found, key=str)


def test_shares_together_equal_one_run_exactly(champion, monkeypatch):
    score(monkeypatch, "one")
    for index in (2, 0, 1):
        score(monkeypatch, "three", index, 3)

    assert rows_of("three") == rows_of("one")
    assert len(rows_of("one")) == len(split.read_examples())
    shares = open_storage().read(f"{tables.BATCH_PREDICTIONS}_three")["share"].to_pylist()
    assert set(shares) == {0, 1, 2}


def test_a_run_is_seen_when_it_is_whole(champion, monkeypatch):
    score(monkeypatch, "first")
    score(monkeypatch, "second", 0, 2)
    assert batch_runs.whole()[0][-1].table == "batch_predictions_first"

    score(monkeypatch, "second", 1, 2)

    assert batch_runs.whole()[0][-1].table == "batch_predictions_second"
    assert len(batch_runs.scored("batch_predictions_second", 10_000)[0]) == len(
        split.read_examples()
    )


def test_a_task_that_runs_again_adds_nothing_twice(champion, monkeypatch):
    for index in (0, 0, 1, 1):
        score(monkeypatch, "again", index, 2)

    assert len(rows_of("again")) == len(split.read_examples())
    assert len(batch_runs.whole()[0]) == 1


def test_a_task_that_was_killed_before_it_said_done_adds_nothing_twice(champion, monkeypatch):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "keys", die)
        with pytest.raises(KeyboardInterrupt):
            score(patch, "killed")
    assert batch_runs.whole()[0] == []

    score(monkeypatch, "killed")

    assert len(rows_of("killed")) == len(split.read_examples())


def test_all_tasks_of_a_run_use_one_model(champion, twin, monkeypatch):
    score(monkeypatch, "run", 0, 2)
    gate.promote(twin)

    score(monkeypatch, "run", 1, 2)

    assert {row["model_version"] for row in rows_of("run")} == {champion}


def test_the_tables_of_old_runs_go(champion, monkeypatch):
    for n in range(batch.KEPT + 1):
        score(monkeypatch, f"run{n}")

    with pytest.raises(NotFound):
        open_storage().read(f"{tables.BATCH_PREDICTIONS}_run0")
    assert len(batch_runs.whole()[0]) == batch.KEPT
    assert open_storage().keys("batch/run0/") == []
    assert open_storage().keys("batch/run1/")
    assert rows_of("run1")


@pytest.mark.parametrize(
    ("index", "count", "told"), [(2, 2, "must be 0 to 1"), (0, 0, "must be 0 to"), (0, 3, "with 1")]
)
def test_a_share_that_cannot_be_is_refused(champion, monkeypatch, index, count, told):
    score(monkeypatch, "run")

    with pytest.raises(ConfigError, match=told):
        score(monkeypatch, "run", index, count)


def test_tasks_that_do_not_know_the_run_are_refused(champion, monkeypatch):
    with pytest.raises(ConfigError, match="tasks of one run must know its name"):
        score(monkeypatch, "", 0, 3)


def test_a_run_that_finds_other_data_is_refused(champion, monkeypatch):
    score(monkeypatch, "run", 0, 2)
    open_storage().put(tables.EXAMPLES_MARK, b"of other data")

    with pytest.raises(ConfigError, match="but the table holds of other data"):
        score(monkeypatch, "run", 1, 2)

    assert batch_runs.whole()[0] == []


def test_two_runs_that_end_at_once_are_both_seen(champion, monkeypatch):
    put, between = LocalStorage.put, ["other"]

    def interrupted(storage, key, content, **options):
        if key == batch_runs.RUNS and between:
            between.pop()
            other = {"table": "batch_predictions_other", "model_version": "", "finished_at": ""}
            put(storage, key, json.dumps([other]).encode(), generation=0)
        return put(storage, key, content, **options)

    monkeypatch.setattr(LocalStorage, "put", interrupted)

    score(monkeypatch, "run")

    assert [run.table[18:] for run in batch_runs.whole()[0]] == ["other", "run"]


def test_without_a_champion_nothing_is_scored():
    ingest.main()

    with pytest.raises(ModelRefused, match="no champion yet"):
        batch.main()

    assert open_storage().keys("batch/") == []


def test_an_absent_table_of_examples_is_told(champion):
    open_storage().drop(tables.EXAMPLES)

    with pytest.raises(NotFound, match="table 'examples' does not exist"):
        batch.main()


def test_each_row_has_an_id_of_its_own(champion, monkeypatch):
    for index in (0, 1):
        score(monkeypatch, "run", index, 2)

    rows = open_storage().read(f"{tables.BATCH_PREDICTIONS}_run")["id"].to_pylist()

    assert len(set(rows)) == len(rows) == len(split.read_examples())


@pytest.mark.parametrize("about", [1, 7, 50])
def test_a_large_run_is_read_in_part_and_evenly(champion, monkeypatch, about):
    score(monkeypatch, "run")
    every = open_storage().read(f"{tables.BATCH_PREDICTIONS}_run")["id"].to_pylist()

    found = [row["id"] for row in batch_runs.scored("batch_predictions_run", about)[0]]

    step = every.index(found[1])
    assert about <= len(found) <= 2 * about
    assert found == every[::step]


def test_labels_of_a_file_are_joined_to_a_run(champion, monkeypatch, tmp_path):
    score(monkeypatch, "run")
    truth = columns.target().example
    (tmp_path / "labels.csv").write_text(f"id,label\nrun-0-3,{truth}\n", encoding="utf-8")

    labels.main(str(tmp_path / "labels.csv"))

    for about in (1, 10_000):
        sample, labelled = batch_runs.scored("batch_predictions_run", about)
        assert [row["id"] for row in labelled] == ["run-0-3"]
        assert len({row["id"] for row in sample}) == len(sample), "a label adds none to the sample"


def test_the_features_are_kept_beside_the_answer(champion, monkeypatch):
    score(monkeypatch, "run")

    assert set(columns.features()) | {"prediction", "probability"} <= set(rows_of("run")[0])


def test_the_batch_answers_as_the_api_does(champion):
    batch.main("run")
    rows = batch_runs.scored("batch_predictions_run", about=50)[0][:50]
    records = [{name: row[name] for name in columns.features()} for row in rows]

    online = versions.load(champion).predict(records)

    assert [a.prediction for a in online] == pytest.approx([row["prediction"] for row in rows])
