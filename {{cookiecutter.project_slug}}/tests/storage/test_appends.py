"""What a laptop appends: whole or not at all, whatever ends the process, and read only once."""

import json  # >>> sprint >= 4
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import duckdb
import pytest

from app.errors import StorageUnavailable
from app.storage import open_storage

pytestmark = [pytest.mark.code, pytest.mark.integration]

APPEND = """
import sys
from datetime import UTC, datetime
from app.storage import open_storage
for n in range(int(sys.argv[2])):
    row = {"id": f"{sys.argv[1]}-{n}", "label": n, "labelled_at": datetime.now(UTC)}
    open_storage().append("labels", [row])
    print(n, flush=True)
print("duckdb" in sys.modules, "pyarrow" in sys.modules, flush=True)
"""


def label(id_, value=1):
    return {"id": id_, "label": value, "labelled_at": datetime.now(UTC)}


def appending(name, count):
    """Append labels in a process of its own."""
    command = [sys.executable, "-c", APPEND, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ids():
    return sorted(open_storage().read("labels")["id"].to_pylist())


@pytest.fixture
def folder(tmp_path):
    """Name the folder of lines; see tests/conftest.py for the store."""
    return tmp_path / "store/appended"


def test_processes_append_at_once_and_need_no_database():
    processes = [appending(name, 50) for name in "abc"]
    printed = [process.communicate()[0].split("\n") for process in processes]

    assert [lines[-2] for lines in printed] == ["False False"] * 3
    assert ids() == sorted(f"{name}-{n}" for name in "abc" for n in range(50))


def test_many_files_are_read_where_there_are_many_processors(folder, monkeypatch):
    """DuckDB would keep 32 MB for each of them, and has 256."""
    appending("a", 1).communicate()
    (file,) = (folder / "labels").glob("*.jsonl")
    for number in range(20):
        shutil.copy(file, file.with_name(f"{number}.jsonl"))
    monkeypatch.setattr(duckdb, "connect", partial(duckdb.connect, config={"threads": 16}))

    assert [len(ids()) for _ in range(10)] == [21] * 10


def test_many_threads_read_at_once():
    """They share what DuckDB may use, and each would take 32 MB of it."""
    open_storage().append("labels", [label(str(n)) for n in range(30_000)])

    with ThreadPoolExecutor(16) as threads:
        one = {"equals": {"id": "29999"}}
        asked = [threads.submit(open_storage().find, "labels", **one) for _ in range(80)]

    assert [len(found.result()) for found in asked] == [1] * 80


def predicted(number, text):
    at = datetime(2026, 2, 2, tzinfo=UTC) + timedelta(seconds=number)
    row = {"id": f"n{number}", "model_version": "v1", "record": {"text": text}, "prediction": 1}
    return row | {"probability": None, "predicted_at": at}


def test_the_newest_of_long_records_are_found():
    """DuckDB would keep more of them in memory than it may, to sort them."""
    for start in range(0, 20_000, 1000):
        rows = [predicted(n, "word " * 1600) for n in range(start, start + 1000)]
        open_storage().append("predictions", rows)

    found = open_storage().find("predictions", newest_by="predicted_at", limit=1000)
    few = {"equals": {"model_version": "v1"}, "newest_by": "predicted_at", "limit": 2}

    assert [row["id"] for row in found] == [f"n{n}" for n in range(19_999, 18_999, -1)]
    assert [row["id"] for row in open_storage().find("predictions", **few)] == ["n19999", "n19998"]


def test_what_does_not_fit_into_memory_is_told():
    open_storage().append("predictions", [predicted(n, "x" * 400_000) for n in range(1000)])

    with pytest.raises(StorageUnavailable, match="more than DuckDB's 256 MB: ask for fewer"):
        open_storage().find("predictions")


def test_what_was_appended_outlives_a_process_that_is_killed():
    process = appending("a", 1_000_000)
    heard = [process.stdout.readline() for _ in range(20)]
    process.kill()
    heard += process.communicate()[0].splitlines(keepends=True)

    told = {f"a-{line.strip()}" for line in heard if line.endswith("\n")}
    assert len(told) >= 20
    assert told <= set(ids())


def test_a_line_that_is_not_whole_is_left_out(folder):
    open_storage().append("labels", [label("one")])
    [file] = (folder / "labels").glob("*.jsonl")
    for half in (b'{"id": "two", "lab', b"{"):
        (folder / "labels" / f"{len(half)}.jsonl").write_bytes(
            file.read_bytes()[:-1] + b"\n" + half
        )

    assert ids() == ["one"] * 3


def test_a_folder_that_was_deleted_is_made_again(folder):
    open_storage().append("labels", [label("one")])
    shutil.rmtree(folder)

    open_storage().append("labels", [label("two")])

    assert ids() == ["two"]


def test_a_path_is_no_pattern(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_STORE", str(tmp_path / "it's [1] a * store/id=7"))
    open_storage.cache_clear()
    open_storage().append("labels", [label("one")])

    assert ids() == ["one"]


# >>> sprint >= 4
def test_lines_of_a_process_that_ended_are_gathered_and_those_of_others_stay(folder):
    appending("a", 3).communicate()
    open_storage().append("labels", [label("mine")])

    open_storage().gather("labels")

    assert len(list((folder / "labels").glob("*.jsonl"))) == 1
    assert ids() == ["a-0", "a-1", "a-2", "mine"]
    assert json.loads(open_storage().find("labels", equals={"id": "a-2"})[0]["label"]) == 2


def test_nothing_is_there_twice_if_gathering_ends_before_it_deletes(folder, monkeypatch):
    appending("a", 2).communicate()
    monkeypatch.setattr("app.storage.local_appends._remove", lambda files: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_storage().gather("labels")
    assert ids() == ["a-0", "a-1"]
    monkeypatch.undo()

    open_storage().gather("labels")

    assert ids() == ["a-0", "a-1"]
    assert not list((folder / "labels").glob("*"))


# <<<
@contextmanager
def files_of_at_most(size):
    """Limit the size of files as a full disk does; only such systems can."""
    resource = pytest.importorskip("resource", reason="Windows sets no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)


def test_a_full_disk_is_told_and_leaves_no_half_of_a_request(folder):
    open_storage().append("labels", [label("one")])
    [file] = (folder / "labels").glob("*.jsonl")
    size = file.stat().st_size

    with (
        files_of_at_most(size + 150),
        pytest.raises(StorageUnavailable, match="cannot be read or written"),
    ):
        open_storage().append("labels", [label(str(n)) for n in range(10)])

    assert file.stat().st_size == size
    open_storage().append("labels", [label("two")])
    assert ids() == ["one", "two"]
