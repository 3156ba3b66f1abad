"""A task is carried out at most once, shows that it lives, ends when it should, and always has a result."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access_es.errors import DomainUnreachable
from access_es.messages import ProxyResponse
from access_es.tasks.failures import TaskTooLong
from access_es.tasks.runner import Runner
from access_es.tasks.sqlite_store import SqliteBlobStore, SqliteStore, TaskFile
from access_es.tasks.store import Result, TaskRequest
from access_es.tasks.stored_body import StoredBody, load_body, store_body
from tests.tasks.conftest import Clock, cloud_place

SECRET = "no-log-may-show-this"


class TaskService:
    """A store with one task in it, and a domain that does as it is told."""

    def __init__(self, folder: Path, body: bytes = b"{}") -> None:
        file = TaskFile(folder / "tasks.db")
        self.store, self.blobs = SqliteStore(file), SqliteBlobStore(file, 3600)
        kept = store_body([body], "t1/request", self.blobs, compress=True)
        headers = (("X-Secret", SECRET),)
        request = TaskRequest("POST", f"/a/_bulk?{SECRET}".encode(), headers, kept, False)
        self.store.create("t1", request, time.time() + 3600)
        self.sent: list[tuple[Any, ...]] = []

    def run(self, answer: Any, seconds: float | None = None, beat_seconds: float = 0.05) -> Result:
        def send(method: str, raw_target: bytes, headers: Any, upload: Any, **options: Any) -> ProxyResponse:
            content = upload.content()
            sent = content if isinstance(content, bytes) or content is None else content.read()
            self.sent.append((method, raw_target, headers, sent))
            found = answer(options["waits"]) if callable(answer) else answer
            if isinstance(found, BaseException):
                raise found
            assert isinstance(found, ProxyResponse)
            return found

        Runner(send, self.store, self.blobs, beat_seconds=beat_seconds, sleep=lambda _: None).run("t1", seconds)
        return self.store.result("t1")


@pytest.fixture
def service(tmp_path: Path) -> TaskService:
    return TaskService(tmp_path)


def silent(waits: Iterator[float]) -> ProxyResponse:
    for seconds in waits:
        time.sleep(seconds)
    raise AssertionError("they never end by themselves")


@pytest.mark.parametrize("size", [0, 2, 300_000, 7_000_000])
def test_the_request_is_sent_as_it_came(tmp_path: Path, size: int) -> None:
    service = TaskService(tmp_path, b"x" * size)
    service.run(ProxyResponse.held(200, (), b""))
    method, target, headers, body = service.sent[0]
    assert (method, target) == ("POST", f"/a/_bulk?{SECRET}".encode()) and headers == (("X-Secret", SECRET),)
    assert (body or b"") == b"x" * size


@pytest.mark.parametrize("status", range(200, 600, 7))
def test_any_answer_is_its_result(service: TaskService, status: int) -> None:
    headers = (("X-A", "1"), ("x-a", "2"), ("Content-Type", "text/plain"))
    result = service.run(ProxyResponse(status, headers, ProxyResponse.held(200, (), b"\0\xff").body, "Odd"))
    assert (result.status, result.reason, result.headers, result.failure) == (status, "Odd", headers, None)
    assert b"".join(load_body(result.body, "t1/result", service.blobs)) == b"\0\xff"


def test_the_same_event_again_does_nothing(service: TaskService) -> None:
    for _ in range(3):
        service.run(ProxyResponse.held(200, (), b"1"))
    assert len(service.sent) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (DomainUnreachable(), "domain_unreachable"),
        (RuntimeError(SECRET), "task_broke"),
        (SystemExit(3), "task_broke"),
        (KeyboardInterrupt(), "task_broke"),
    ],
)
def test_whatever_goes_wrong_is_its_result(service: TaskService, fault: BaseException, code: str) -> None:
    failure = service.run(fault).failure
    assert failure is not None and failure.code == code and SECRET not in failure.message


def test_a_task_that_has_no_time_left_says_so(service: TaskService) -> None:
    failure = service.run(silent, seconds=0.5).failure
    assert failure is not None and (failure.status, failure.code) == (504, "task_too_long")


def test_the_limit_of_a_task_is_named_and_what_has_none() -> None:
    assert "within 15 minutes" in str(TaskTooLong(894)) and "_async_search" in str(TaskTooLong(894))
    assert "within 6 seconds" in str(TaskTooLong(5.8))


def test_it_sends_heartbeats_and_notices_a_cancellation(service: TaskService) -> None:
    beats: set[float] = set()
    abandoned_at = [float("inf")]

    def watched(waits: Iterator[float]) -> ProxyResponse:
        began = time.monotonic()
        for seconds in waits:
            progress = service.store.read_progress("t1")
            assert progress is not None and time.monotonic() - began < 20
            beats.add(progress.beat)
            if len(beats) >= 3 and abandoned_at == [float("inf")]:
                service.store.abandon("t1")
                abandoned_at[0] = time.monotonic()
            time.sleep(seconds)
        raise AssertionError

    with pytest.raises(Exception, match="no longer be read"):
        service.run(watched)
    assert len(beats) >= 3 and time.monotonic() - abandoned_at[0] < 3


@pytest.mark.usefixtures("aws")
def test_an_answer_with_more_headers_than_a_table_takes_is_known_to_have_been_given() -> None:
    place = cloud_place(Clock())
    request = TaskRequest("POST", b"/_reindex", (), StoredBody(0, False, b""), False)
    place.store.create("t1", request, place.clock() + 3600)
    headers = (("Content-Encoding", "x"), *((f"X-{number}", "y" * 1000) for number in range(200)))
    answer = ProxyResponse.held(201, headers, os.urandom(250_000))
    Runner(lambda *_, **__: answer, place.store, place.blobs, sleep=lambda _: None).run("t1")
    failure = place.store.result("t1").failure
    assert failure is not None and failure.code == "result_not_kept" and "201" in failure.message


def test_no_data_is_logged(service: TaskService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service.run(RuntimeError(SECRET))
    assert SECRET not in caplog.text and "RuntimeError" in caplog.text
