"""Asynchronous serving: records are accepted at once, predicted in the background, asked for later.

A job is two objects in storage, `jobs/<id>/records.json` and `jobs/<id>/result.json`, so it
outlives the process: whoever is asked for a job that has no result takes it up.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Response, current_app
from pydantic_core import from_json, to_json

from app.api import error_answers, observe
from app.api.handlers import body, reply, serving
from app.api.serving import Serving
from app.api.spec import operation
from app.contract import parsing
from app.errors import AppError, Conflict, NotFound
from app.storage import open_storage

AT_ONCE = 20
"""Jobs that a process has in hand; the others wait in storage until they are asked for."""

_log = logging.getLogger(__name__)


class Worker:
    """One thread that predicts jobs, one after the other."""

    def __init__(self, models: Serving) -> None:
        self._models = models
        self._thread = ThreadPoolExecutor(1, "jobs")
        self._taken: set[str] = set()

    def take(self, job_id: str) -> None:
        """Take up a job, unless it is in hand already, or too many are."""
        if job_id not in self._taken and len(self._taken) < AT_ONCE:
            self._taken.add(job_id)
            self._thread.submit(self._work, job_id)

    def _work(self, job_id: str) -> None:
        try:
            self._finish(job_id)
        except Exception:  # pylint: disable=broad-exception-caught # no caller would see it
            _log.exception("job %s waits: it is taken up when it is asked for again", job_id)
        finally:
            self._taken.discard(job_id)

    def _finish(self, job_id: str) -> None:
        """Predict, and store the result; if two processes did, the first result counts."""
        observe.begin()
        records = from_json(open_storage().get(_key(job_id, "records")).data)
        result: dict[str, Any] = {"id": job_id, "state": "done"}
        try:
            result["answer"] = self._models.answer(parsing.parse_records(records))
        except AppError as error:
            if error_answers.status_of(error) == 503:
                raise
            result |= {"state": "failed", "problems": error.problems}
        try:
            open_storage().put(_key(job_id, "result"), to_json(result), generation=0)
        except Conflict:
            _log.info("job %s was done by another process too", job_id)


@operation("POST /jobs")
def submit() -> Response:
    """Accept one record, or a list of them."""
    records, job_id = parsing.parse_records(body()), observe.current().unique
    open_storage().put(_key(job_id, "records"), to_json(records), generation=0)
    _worker().take(job_id)
    response = reply({"id": job_id, "state": "waiting"}, 202)
    response.headers["Location"] = f"/jobs/{job_id}"
    return response


@operation("GET /jobs/{job_id}")
def result(job_id: str) -> Response:
    """Give the state of a job, and its answer when it is done."""
    storage = open_storage()
    try:
        return reply(from_json(storage.get(_key(job_id, "result")).data))
    except NotFound:
        if not storage.keys(_key(job_id, "records")):
            raise NotFound(f"there is no job {job_id!r}: submit it by POST /jobs.") from None
    _worker().take(job_id)
    return reply({"id": job_id, "state": "waiting"})


def _worker() -> Worker:
    if "jobs" not in current_app.extensions:
        current_app.extensions["jobs"] = Worker(serving())
    worker: Worker = current_app.extensions["jobs"]
    return worker


def _key(job_id: str, part: str) -> str:
    return f"jobs/{job_id}/{part}.json"
