"""Predictions reach storage before their answer, or soon after it, or are counted as lost."""

import threading
from datetime import UTC, datetime
from threading import Event

import pytest
from prometheus_client import REGISTRY

from app.api import journal as module
from app.api.journal import AT_ONCE, Journal
from app.errors import InvalidData, StorageUnavailable
from app.storage import tables

pytestmark = [pytest.mark.code, pytest.mark.unit]
CAPACITY = AT_ONCE * 2 + 1


def predictions(count):
    return [{"id": str(n), "predicted_at": datetime.now(UTC)} for n in range(count)]


def lost():
    return REGISTRY.get_sample_value("api_predictions_lost_total")


@pytest.fixture
def stored(monkeypatch):
    """Keep what is stored in a list; `fail_with` makes storage fail, `opened` makes it wait."""

    class Store(list):
        fail_with = None
        opened = Event()
        appends_at_once = False

        def append(self, _table, rows):
            self.opened.wait(5)
            if self.fail_with:
                raise self.fail_with
            super().append(rows)

    store = Store()
    store.opened.set()
    monkeypatch.setattr(module, "CAPACITY", CAPACITY)
    monkeypatch.setattr(module, "open_storage", lambda: store)
    return store


@pytest.fixture
def journal(stored):
    made = Journal(tables.PREDICTIONS, pause_seconds=0.01)
    yield made
    stored.opened.set()
    made.close(0)
    made.flush(0)  # its thread need not rest any longer
    for thread in [thread for thread in threading.enumerate() if thread.name == "journal"]:
        thread.join(5)  # or it would write once more, into the store of the next test


def test_all_is_stored_once_and_in_order(journal, stored):
    sent = predictions(CAPACITY)
    journal.add(sent)

    assert journal.flush(5)
    assert [row for rows in stored for row in rows] == sent
    assert max(map(len, stored)) == AT_ONCE


def test_a_request_does_not_wait_for_storage(journal, stored):
    stored.opened.clear()
    journal.add(predictions(3))
    assert journal.waiting == 3
    assert not stored

    stored.opened.set()

    assert journal.flush(5)
    assert len(stored[0]) == 3


@pytest.mark.parametrize("error", [StorageUnavailable("down"), RuntimeError("unknown")])
def test_what_waits_while_storage_is_down_is_stored_later(journal, stored, error):
    stored.fail_with = error
    before = lost()
    journal.add(predictions(3))
    assert not journal.flush(0.2)

    stored.fail_with = None

    assert journal.flush(5)
    assert len(stored[0]) == 3
    assert lost() == before


def test_what_would_find_the_queue_full_is_refused_before_it_is_predicted(journal, stored):
    stored.fail_with = StorageUnavailable("down")
    journal.require_room(CAPACITY)
    journal.add(predictions(CAPACITY))
    assert not journal.flush(0.2)

    with pytest.raises(StorageUnavailable, match=f"{CAPACITY} predictions wait for .+: down"):
        journal.require_room(1)


def test_a_journal_that_ended_takes_nothing(journal):
    journal.close(1)

    with pytest.raises(StorageUnavailable, match="this process ends"):
        journal.require_room(1)


def test_where_it_is_fast_a_row_is_stored_before_the_answer_or_refused(journal, stored):
    stored.appends_at_once = True
    journal.add(predictions(2))
    assert len(stored[0]) == 2
    assert journal.waiting == 0

    stored.fail_with = StorageUnavailable("the disk is full")
    with pytest.raises(StorageUnavailable, match="disk"):
        journal.add(predictions(2))


def test_what_storage_refuses_is_counted_and_the_next_are_stored(journal, stored):
    stored.fail_with = InvalidData("a row")
    before = lost()
    journal.add(predictions(2))
    assert journal.flush(5)
    assert lost() - before == 2

    stored.fail_with = None
    journal.add(predictions(1))

    assert journal.flush(5)
    assert len(stored) == 1


def test_what_is_left_at_the_end_is_counted(journal, stored, caplog):
    stored.fail_with = StorageUnavailable("down")
    before = lost()
    journal.add(predictions(3))

    journal.close(seconds=0.1)

    assert lost() - before == 3
    assert "the process ends" in caplog.text
