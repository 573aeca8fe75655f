"""What every store must do; the same tests for each of them."""

import json  # >>> sprint >= 3
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, date, datetime
from unittest.mock import Mock
from uuid import uuid4

import duckdb
import pyarrow as pa
import pytest
from filelock import FileLock
from storage import cloud_store

from app.errors import Conflict, InvalidData, NotFound, StorageUnavailable
from app.storage import local, open_storage

pytestmark = pytest.mark.integration


ROWS = pa.table(
    {
        "name": ["a", None],
        "text": ["", "é\n'\"\\ 🐧"],
        "count": pa.array([1, None], pa.int64()),
        "share": [0.5, None],
        "seen": [True, None],
        "day": pa.array([date(2026, 2, 2), None], pa.date32()),
        "at": pa.array([datetime(2026, 2, 2, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    }
)


@pytest.fixture(params=["laptop", "cloud"], autouse=True)
def store(request, monkeypatch):
    """Run each test on a laptop's store, and on Google Cloud's where its emulators are up."""
    if request.param == "laptop":
        return request.param
    absent = [name for name in cloud_store.EMULATORS if not os.environ.get(name)]
    if absent:
        pytest.skip(f"no emulator: {', '.join(absent)} is not set, see docs/DATA.md")
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "test-project")
    for name, value in cloud_store.make(uuid4().hex[:12]).items():
        monkeypatch.setenv(name, value)
    return request.param


laptop_only = pytest.mark.parametrize("store", ["laptop"], indirect=True)


def in_order(table, column):
    """Sort, because a store may give rows in any order."""
    return table.sort_by(column).to_pylist()


def test_types_and_missing_values_survive():
    open_storage().write("things", ROWS)

    back = open_storage().read("things")

    assert back.schema.equals(ROWS.schema)
    assert in_order(back, "count") == in_order(ROWS, "count")


def test_a_write_replaces_and_an_append_adds():
    storage = open_storage()
    storage.write("things", ROWS, append=True)
    storage.write("things", ROWS, append=True)
    assert storage.read("things").num_rows == 4

    storage.write("things", ROWS)

    assert storage.read("things").num_rows == 2


def test_so_many_rows_are_read():
    storage = open_storage()
    storage.write("things", ROWS)
    storage.write("things", ROWS, append=True)

    assert [storage.read("things", limit=n).num_rows for n in (0, 1, 3, 9)] == [0, 1, 3, 4]


# >>> sprint >= 3
def test_rows_are_found_by_value_and_newest_first():
    storage = open_storage()
    storage.write("things", ROWS)

    assert storage.find("things", equals={"name": "a"}) == ROWS.to_pylist()[:1]
    assert storage.find("things", equals={"name": "' OR 1=1 --"}) == []
    newest = storage.find("things", newest_by="count", limit=1)
    assert [row["count"] for row in newest] == [1]
    assert len(storage.find("things")) == 2


# <<<
def test_a_table_is_streamed_in_pieces_while_another_is_written():
    storage = open_storage()
    storage.write("source", pa.table({"n": range(10_000)}))
    pieces = storage.stream("source", batch_rows=2048)

    storage.write("copy", pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), pieces))

    assert sorted(storage.read("copy")["n"].to_pylist()) == list(range(10_000))


def test_a_write_that_fails_half_way_leaves_the_old_table():
    storage = open_storage()
    storage.write("things", ROWS)

    def pieces():
        yield from ROWS.to_batches()
        raise RuntimeError("half way")

    with pytest.raises(Exception, match="half way"):
        storage.write("things", pa.RecordBatchReader.from_batches(ROWS.schema, pieces()))

    assert in_order(storage.read("things"), "count") == in_order(ROWS, "count")


def test_an_empty_table_is_a_table():
    open_storage().write("nothing", ROWS.slice(0, 0))

    assert open_storage().read("nothing").num_rows == 0
    assert not list(open_storage().stream("nothing"))


def test_columns_that_not_every_store_keeps_are_named():
    odd = pa.table({"good": [1], "bad": [[1, 2]]})

    with pytest.raises(InvalidData, match="column 'bad' has the type list<"):
        open_storage().write("things", odd)


def test_a_large_append_is_whole_or_absent():
    storage = open_storage()
    storage.write("things", ROWS)
    many = pa.concat_tables([ROWS] * 1000).combine_chunks()

    def pieces():
        yield from many.to_batches()
        raise RuntimeError("half way")

    rows = pa.RecordBatchReader.from_batches(ROWS.schema, pieces())
    with pytest.raises(Exception, match="half way"):
        storage.write("things", rows, append=True)
    assert storage.read("things").num_rows == 2

    storage.write("things", many, append=True)

    assert storage.read("things").num_rows == 2002


# >>> sprint >= 3
def predicted(day, **values):
    at = datetime(2026, 2, day, 12, 0, 0, 5, tzinfo=UTC)
    row = {"id": f"id{day}", "model_version": "v1", "record": {"a": 1.5, "b": None, "c": 'é\n"'}}
    return row | {"prediction": "yes", "probability": 0.5, "predicted_at": at} | values


def test_the_tables_of_the_api_are_appended_and_asked():
    storage = open_storage()
    for day in (1, 3, 2):
        storage.append("predictions", [predicted(day)])

    newest = storage.find("predictions", newest_by="predicted_at", limit=2)
    one = storage.find("predictions", equals={"id": "id1"}, newest_by="predicted_at", limit=1)

    assert [row["id"] for row in newest] == ["id3", "id2"]
    assert [row["id"] for row in one] == ["id1"]


def test_what_many_append_at_once_is_all_there():
    storage = open_storage()
    storage.append("predictions", [predicted(1)])
    storage.append("predictions", [predicted(2, id=f"n{n}") for n in range(6000)])

    assert storage.read("predictions").num_rows == 6001


def test_what_is_appended_comes_back_as_it_was_and_json_as_a_text():
    storage, number = open_storage(), predicted(2, prediction=1.25, probability=None)
    storage.append("predictions", [predicted(1), number])
    storage.append("labels", [{"id": "id1", "label": True, "labelled_at": number["predicted_at"]}])

    back = storage.find("predictions", newest_by="id")
    [label] = next(storage.stream("labels")).to_pylist()

    assert [json.loads(row.pop("record")) for row in back] == [number.pop("record")] * 2
    assert [json.loads(row.pop("prediction")) for row in back] == [number.pop("prediction"), "yes"]
    assert back[0] == number
    assert label == {"id": "id1", "label": "true", "labelled_at": number["predicted_at"]}


# <<<
# >>> sprint >= 3 and data_store = BigQuery | Firestore
FEW = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # they cannot be imported
from datetime import UTC, datetime
from app.history import predictions
from app.storage import open_storage
row = {"id": "x", "model_version": "v", "record": {}, "prediction": 1.5, "probability": None}
open_storage().append("predictions", [row | {"predicted_at": datetime.now(UTC)}])
predictions.add_label("x", 2)
print(predictions.latest(1)[0]["label"])
"""


def test_few_rows_need_neither_arrow_nor_another_store(store):
    """The image of the API has none of these packages."""
    absent = ["pyarrow", "pandas", {"laptop": "google.cloud", "cloud": "duckdb"}[store]]

    command = [sys.executable, "-c", FEW, *absent]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout == "2\n", done.stderr


# <<<
# >>> sprint >= 4
def test_gathering_changes_nothing_that_is_read():
    storage = open_storage()
    storage.append("predictions", [predicted(1)])
    for _ in range(2):
        storage.gather("predictions")
        storage.gather("labels")
    storage.append("predictions", [predicted(2)])

    assert sorted(storage.read("predictions")["id"].to_pylist()) == ["id1", "id2"]
    with pytest.raises(NotFound):
        storage.read("labels")


# <<<
def test_a_table_and_an_object_are_deleted_and_absent_ones_stay_so():
    storage = open_storage()
    storage.write("things", ROWS)
    storage.put("a/b.bin", b"1")
    for _ in range(2):
        storage.drop("things")
        storage.remove("a/b.bin")

    with pytest.raises(NotFound):
        storage.read("things")
    assert storage.keys("a/") == []


def test_an_unknown_table_is_named():
    asks = [open_storage().read, lambda name: list(open_storage().stream(name))]
    asks += [open_storage().find]  # >>> sprint >= 3
    for ask in asks:
        with pytest.raises(NotFound, match="'unknown' does not exist"):
            ask("unknown")


def test_an_object_comes_back_and_its_keys_are_listed():
    storage = open_storage()
    storage.put("a/b.bin", b"\x00\xff")
    storage.put("a/c.bin", b"")

    assert storage.get("a/b.bin").data == b"\x00\xff"
    assert storage.keys("a/") == ["a/b.bin", "a/c.bin"]
    assert storage.keys("b") == []
    with pytest.raises(NotFound):
        storage.get("a/d.bin")


def test_an_object_is_written_only_at_the_expected_generation():
    storage = open_storage()
    first = storage.put("key", b"1", generation=0)
    second = storage.put("key", b"2", generation=first)

    for stale in (0, first):
        with pytest.raises(Conflict):
            storage.put("key", b"3", generation=stale)
    assert storage.get("key") == (b"2", second)


def test_of_many_who_write_at_once_one_wins():
    storage, outcomes = open_storage(), []
    first = storage.put("pointer", b"old")

    def write(number):
        try:
            outcomes.append(storage.put("pointer", b"%d" % number, generation=first))
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("conflict") == 9


@pytest.mark.parametrize("store", ["cloud"], indirect=True)
def test_a_bucket_that_does_not_exist_is_told_with_what_explains_it(monkeypatch):
    monkeypatch.setenv("GCS_BUCKET", "absent-bucket")

    with pytest.raises(StorageUnavailable, match='poe doctor "404 POST .+/absent-bucket/'):
        open_storage().put("key", b"")


@pytest.mark.parametrize("key", ["../out", "/etc/passwd", "a//b", "", ".hidden", "a\\b", "C:/x"])
def test_a_key_cannot_leave_the_store(key):
    with pytest.raises(NotFound, match="is not a key"):
        open_storage().put(key, b"")


@laptop_only
def test_several_processes_take_turns():
    code = (
        "import pyarrow as pa; from app.storage import open_storage\n"
        "for n in range(5): open_storage().write('shared', pa.table({'n': [n]}), append=True)"
    )
    with ExitStack() as stack:
        command = [sys.executable, "-c", code]
        running = [stack.enter_context(subprocess.Popen(command)) for _ in range(3)]

    assert [process.returncode for process in running] == [0, 0, 0]
    assert open_storage().read("shared").num_rows == 15


@laptop_only
def test_the_file_is_not_looked_at_while_another_process_has_it(monkeypatch):
    """DuckDB reads where the newest tables begin before it locks the file."""
    code = (
        "from app.storage import open_storage\n"
        "for _ in open_storage().stream('things'): print(flush=True); input()"
    )
    open_storage().write("things", ROWS)
    opened = Mock(side_effect=duckdb.connect)
    monkeypatch.setattr(duckdb, "connect", opened)
    reading = threading.Thread(target=open_storage().read, args=["things"])
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        reading.start()
        reading.join(0.5)
        opened.assert_not_called()
        other.communicate(b"\n")
    reading.join()

    opened.assert_called_once()


@laptop_only
def test_a_file_that_others_keep_for_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "_WAIT_SECONDS", 0.1)
    store = local.LocalStorage(tmp_path)

    told = pytest.raises(StorageUnavailable, match=r"acquired\. .+ close other programs")
    with FileLock(tmp_path / "tables.lock"), told:
        store.read("things")


@laptop_only
def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("LOCAL_STORE", str(tmp_path / "file" / "store"))

    for action in (
        lambda: open_storage().write("things", ROWS),
        lambda: open_storage().put("key", b""),
    ):
        with pytest.raises(StorageUnavailable, match="Set LOCAL_STORE to a folder"):
            action()


@laptop_only
def test_an_image_for_google_cloud_says_that_it_has_no_database(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)  # it cannot be imported

    with pytest.raises(StorageUnavailable, match="build the image with --build-arg=STORE=local"):
        open_storage().read("things")


@laptop_only
def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "tables.duckdb").write_text("not a database" * 1000)

    with pytest.raises(StorageUnavailable, match="cannot be read or written"):
        open_storage().read("things")
