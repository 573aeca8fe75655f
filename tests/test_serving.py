"""The generated API as a real server: its docs, its limits, under load, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psutil
import pytest
import requests
from served_api import (
    STALLS,
    STALLS_AFTER,
    Served,
    asking,
    stalled,
    stored_ids,
    wait_until_ready,
    wait_until_stored,
)

pytestmark = pytest.mark.full

ASK = "curl "


def grouped(name):
    """Let one process of xdist have all tests of a project, so that it is made once."""
    return pytest.param(name, marks=pytest.mark.xdist_group(name))


@pytest.fixture(scope="module", params=map(grouped, ("Flask", "Connexion")))
def project(bake, request):
    """Generate a project with a champion."""
    sample = {"Flask": "penguins", "Connexion": "delays"}[request.param]
    made = bake(asynchronous_serving="yes", api_framework=request.param, sample=sample)
    for task in ("data", "train", "evaluate", "gate", "promote"):
        made.poe(task)
    return made


@pytest.fixture(scope="module")
def record(project):
    code = (
        "import json; from app.contract import columns as c; print(json.dumps(c.example_record()))"
    )
    return json.loads(project.run("python", "-c", code).stdout)


@pytest.fixture
def serve(project, free_ports, tmp_path):
    """Start the API as `poe api` does; it is asked to end when the test does."""

    @contextmanager
    def served(until="/ready", **variables):
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        environment |= free_ports | variables
        command = [str(project.path / ".venv/bin/python"), "-m", "app", "api"]
        log = tmp_path / "api.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                command, cwd=project.path, env=environment, stdout=out, stderr=out
            )
        found = Served(process, f"http://127.0.0.1:{free_ports['PORT']}", log)
        try:
            wait_until_ready(found, until)
            yield found
        finally:
            process.terminate()
            process.wait(12)

    return served


@pytest.mark.parametrize("page", ["API.md", "SERVING.md", "JOBS.md"])
def test_the_commands_of_the_page_work(project, serve, page):
    lines = (project.path / "docs" / page).read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith(ASK) and "127.0.0.1" in line]
    assert commands
    id_ = None
    with serve() as served:
        for command in commands:
            own = command.replace("http://127.0.0.1:8080", served.url)
            if "past_predictions" in own:
                wait_until_stored(served)
            own = own.replace("/ID", f"/{id_}").replace(ASK, "curl --silent --fail-with-body ")
            done = subprocess.run(["bash", "-c", own], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{own}\n{done.stdout}{done.stderr}"
            assert done.stdout.strip(), own
            id_ = (re.findall(r'"id": ?"([^"]+)"', done.stdout) or [id_])[-1]


@pytest.mark.parametrize(("p95_ms", "verdict", "code"), [(20_000, "kept", 0), (0.001, "MISSED", 1)])
def test_the_load_test_judges(project, serve, p95_ms, verdict, code):
    with serve() as served:
        variables = {"API_URL": served.url, "LOAD_P95_MS": str(p95_ms)}
        done = project.run("poe", "load", "--run-time", "5s", **variables)

    assert f"objective {verdict}" in done.stdout, done.stdout + done.stderr
    assert done.returncode == code


LOSING_STORE = """
from app.errors import InvalidData
from app.storage.local_appends import AppendingStorage as Losing

def refuse(*_):
    raise InvalidData("no row")

Losing.appends_at_once = False
Losing.append = refuse
"""


def test_the_load_test_sees_what_is_answered_and_not_stored(project, serve, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LOSING_STORE, encoding="utf-8")
    with serve(PYTHONPATH=str(tmp_path)) as served:
        variables = {"API_URL": served.url, "LOAD_P95_MS": "20000"}
        done = project.run("poe", "load", "--run-time", "3s", **variables)

    assert done.returncode == 1
    assert re.search(r"MISSED: .* [1-9]\d* predictions answered and not stored", done.stdout)


def test_whatever_is_asked_nothing_fails(project, serve):
    with serve() as served:
        done = project.run("poe", "fuzz", "--max-examples", "25", API_URL=served.url)
        assert done.returncode == 0, done.stdout[-6000:]
        assert served.process.poll() is None
        assert '"severity":"ERROR"' not in served.log.read_text()


def test_a_server_error_is_found(project, serve, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(project.path / "src", broken)
    handlers = broken / "app/api/handlers.py"
    text = handlers.read_text(encoding="utf-8")
    good = "    value = parsing.parse_label("
    assert good in text
    handlers.write_text(text.replace(good, "    1 / 0\n" + good), encoding="utf-8")

    with serve(PYTHONPATH=str(broken)) as served:
        done = project.run("poe", "fuzz", "--max-examples", "25", API_URL=served.url)

    assert done.returncode == 1
    assert "Server error" in done.stdout


def test_a_new_champion_is_taken_up_under_load(project, serve, record):
    code = (
        "from app.registry import versions as v; from app.training import gate; "
        "old = v.champion().version; new = v.register(v.model_of(old), v.record_of(old)); "
        "against = {'against': old}; "
        "v.add_evaluation(new, v.evaluation_of(old).model_copy(update=against)); gate.promote()"
    )
    with serve(CHAMPION_POLL_SECONDS="1") as served, asking(served, record) as heard:
        time.sleep(1)
        done = project.run("python", "-c", code)
        assert done.returncode == 0, done.stderr
        time.sleep(4)

    assert {answer.status_code for answer in heard} == {200}
    versions = [answer.json()["model_version"] for answer in heard]
    assert len(set(versions)) == 2
    assert versions[0] != versions[-1]


def test_the_end_under_load_loses_nothing(project, serve, record):
    with serve() as served, asking(served, record) as heard:
        time.sleep(2)
        started = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        code = served.process.wait(12)
        took = time.monotonic() - started
    answers = [found.json() for found in heard if not isinstance(found, Exception)]
    ids = {answer["predictions"][0]["id"] for answer in answers}

    assert code == 0, served.log.read_text()[-3000:]
    if "waitress" in (project.path / "src/app/api/server.py").read_text(encoding="utf-8"):
        # uvicorn closes its socket with who is in the system's queue
        assert [error for error in heard if "reset" in str(error)] == []
    assert took < 10
    assert len(ids) > 20
    assert ids <= stored_ids(project), served.log.read_text()[-3000:]
    assert "SIGSEGV" not in served.log.read_text()
    assert "SIGABRT" not in served.log.read_text()


@pytest.mark.parametrize("what", STALLS)
@pytest.mark.parametrize("count", [8, 32])
def test_who_stalls_keeps_nobody_waiting(serve, record, what, count):
    with serve() as served, ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(stalled(served, what))
        end = time.monotonic() + STALLS_AFTER[what]
        while time.monotonic() < end:
            time.sleep(0.2)
            started = time.monotonic()
            assert served.ask(record).ok
            assert time.monotonic() - started < 2


def test_who_stalls_costs_no_prediction_at_the_end(serve, record, project):
    with serve() as served, stalled(served, "body"):
        heard = [served.ask(record).json() for _ in range(20)]
        served.process.send_signal(signal.SIGTERM)
        code = served.process.wait(12)

    assert code == 0
    assert {answer["predictions"][0]["id"] for answer in heard} <= stored_ids(project)


def test_a_process_that_is_killed_loses_nothing(project, serve, record):
    with serve() as served, asking(served, [record] * 100) as heard:
        time.sleep(2)
        served.process.kill()
        served.process.wait(12)
    answers = [answer.json() for answer in heard if not isinstance(answer, Exception)]
    ids = {row["id"] for answer in answers for row in answer["predictions"]}

    assert len(ids) > 1000
    assert ids <= stored_ids(project)


def test_bodies_in_chunks_are_read_and_limited(serve, record):
    asked = {"headers": {"Content-Type": "application/json"}, "timeout": 30}
    with serve() as served:
        url, text = f"{served.url}/predict", json.dumps(record).encode()
        good = requests.post(url, data=iter([text[:5], text[5:]]), **asked)
        large = requests.post(url, data=iter([text, b" " * 2_000_000]), **asked)
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2][:-8]))) as client:
            head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
            broken = client.recv(100)

    assert good.status_code == 200, good.text
    assert large.status_code == 413, large.text
    assert b" 400 " in broken


def test_odd_addresses_are_answered(serve):
    with serve() as served:
        assert requests.get(f"{served.url}/docs", timeout=10).status_code == 200
        odd = requests.get(f"{served.url}/jobs/a%0Ab", timeout=10)

    assert odd.status_code == 404
    assert odd.json()["request_id"]


SLOW_STORE = """
import time
from app.storage.local_appends import AppendingStorage as Slow

append = Slow.append
Slow.appends_at_once = False
Slow.append = lambda *a: (time.sleep(3), append(*a))[1]
"""


def test_a_slow_store_is_waited_for_at_the_end(serve, record, project, tmp_path):
    """Store as Google Cloud does: after the answer."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_STORE, encoding="utf-8")
    with serve(PYTHONPATH=str(tmp_path)) as served, requests.Session() as kept_alive:
        answer = kept_alive.post(f"{served.url}/predict", json=record, timeout=30).json()
        started = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        code = served.process.wait(12)

    assert code == 0
    assert 3 < time.monotonic() - started < 10
    assert answer["predictions"][0]["id"] in stored_ids(project)


def test_a_slow_store_that_is_full_refuses_before_it_predicts(serve, record, tmp_path):
    full = SLOW_STORE + "import app.api.journal as journal; journal.CAPACITY = 150"
    (tmp_path / "sitecustomize.py").write_text(full, encoding="utf-8")
    with serve(PYTHONPATH=str(tmp_path)) as served:
        first, second = (served.ask([record] * 100) for _ in range(2))
        told = requests.get(f"{served.url}/metrics", timeout=10).text

    assert first.ok
    assert second.status_code == 503
    assert second.headers["Retry-After"] == "5"
    assert "150 predictions wait for storage already" in second.text
    assert re.search(r"^api_predictions_total\{.*\} 100\.0$", told, re.MULTILINE)
    assert "api_predictions_lost_total 0.0" in told


SLOW_READER = """
import time
from app.storage.local_appends import AppendingStorage

AppendingStorage.find = lambda *_, **__: time.sleep(10)
"""
SLOW_MODEL = """
import time
from app.registry import versions

load = versions.load_champion
versions.load_champion = lambda *a: (time.sleep(5), load(*a))[1]
"""


def test_who_waits_for_storage_keeps_nobody_from_a_prediction(serve, record, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW_READER, encoding="utf-8")
    with serve(PYTHONPATH=str(tmp_path)) as served, ThreadPoolExecutor(4) as readers:
        for _ in range(4):
            readers.submit(requests.get, f"{served.url}/past_predictions", timeout=30)
        time.sleep(1)
        started = time.monotonic()
        assert served.ask(record).ok
        assert requests.get(f"{served.url}/health", timeout=30).ok
        assert time.monotonic() - started < 2


def test_who_waits_for_the_model_keeps_nobody_waiting(serve, record, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW_MODEL, encoding="utf-8")
    with serve("/health", PYTHONPATH=str(tmp_path)) as served, ThreadPoolExecutor(1) as client:
        first = client.submit(served.ask, record)
        time.sleep(1)
        started = time.monotonic()
        assert requests.get(f"{served.url}/health", timeout=10).json()["model_version"] is None
        assert time.monotonic() - started < 2
        assert first.result().ok


def test_what_was_answered_is_told(serve, record):
    with serve() as served:
        heard = [served.ask(record) for _ in range(80)]
        ids = {answer.json()["predictions"][0]["id"] for answer in heard}
        told, deadline = set(), time.monotonic() + 60  # a slow disk may need several writes
        while not ids <= told and time.monotonic() < deadline:
            past = requests.get(f"{served.url}/past_predictions?limit=1000", timeout=30).json()
            told = {row["id"] for row in past["past_predictions"]}

    assert len(ids) == 80
    assert ids <= told


def test_a_container_whose_clock_stood_still_answers_at_once(serve, record):
    """Cloud Run takes the processor away between requests; silence is no fault of a worker."""
    with serve() as served, ThreadPoolExecutor(4) as clients:
        assert served.ask(record).ok
        parent = psutil.Process(served.process.pid)
        processes = [parent, *parent.children(recursive=True)]
        for process in processes:
            process.suspend()
        time.sleep(40)
        waiting = [clients.submit(served.ask, record) for _ in range(4)]
        time.sleep(1)
        started = time.monotonic()
        for process in processes:
            process.resume()

        assert [answer.result().status_code for answer in waiting] == [200] * 4
        assert time.monotonic() - started < 5
        assert [parent, *parent.children(recursive=True)] == processes, "nobody was killed"
