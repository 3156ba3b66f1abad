"""Searches and writes through a door that streams: the request stays open, and a task is the last resort."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from access_es.errors import DomainTimeout
from access_es.messages import Headers, ProxyRequest, ProxyResponse
from access_es.tasks.failures import OutOfTime
from access_es.tasks.long_queries import LongQueries
from access_es.tasks.replies import OwnReply
from access_es.tasks.rules import Rules
from access_es.upload import Upload
from tests.tasks.conftest import StoreFixture
from tests.tasks.requests import asked
from tests.tasks.test_long_queries import Failing, service_of

BEGIN_SECONDS = 0.8
pytestmark = pytest.mark.parametrize("place", ["file"], indirect=True)


class SilentDomain:
    """Answers after `seconds`, asked as `Domain.send` is."""

    def __init__(self, seconds: float) -> None:
        self.answers_at = time.monotonic() + seconds
        self.answer_by: float | None = None

    def __call__(
        self, *_: Any, answer_by: float | None = None, waits: Iterator[float] | None = None, **__: Any
    ) -> ProxyResponse:
        self.answer_by = answer_by
        assert waits is not None
        while (left := self.answers_at - time.monotonic()) > 0:
            time.sleep(min(left, next(waits)))
        return ProxyResponse.held(200, (), b"late")


def request(method: str, target: str, headers: Headers = ()) -> ProxyRequest:
    now = time.monotonic()
    return replace(asked(method, target, headers, answer_by=now + 60), begin_by=now + BEGIN_SECONDS)


def ask(place: StoreFixture, domain: SilentDomain, asked_for: ProxyRequest) -> ProxyResponse | OwnReply:
    service = service_of(place, Failing(place), b"by task")
    return LongQueries(domain, service, Rules(()), 0.05).ask(asked_for, "alice", Upload(b"{}"))


def test_a_slow_search_is_answered_in_its_own_request_and_asked_once(place: StoreFixture) -> None:
    domain = SilentDomain(BEGIN_SECONDS * 0.6)  # though LONG_QUERY_AFTER_SECONDS have long passed
    sent = request("POST", "/logs/_search")
    found = ask(place, domain, sent)
    assert isinstance(found, ProxyResponse) and b"".join(found.body) == b"late"
    assert domain.answer_by == sent.answer_by  # its body may take as long as the function


def test_a_search_that_outlasts_the_door_goes_on_as_a_task(place: StoreFixture) -> None:
    began = time.monotonic()
    found = ask(place, SilentDomain(30), request("POST", "/logs/_search"))
    taken = time.monotonic() - began
    assert BEGIN_SECONDS * 0.8 < taken < BEGIN_SECONDS + 2  # of the 30 that the domain takes
    assert isinstance(found, OwnReply) and found.response.status == 303


def test_a_write_that_outlasts_the_door_is_told_so_in_time(place: StoreFixture) -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        ask(place, SilentDomain(30), request("PUT", "/logs/_doc/1"))
    assert time.monotonic() - began == pytest.approx(BEGIN_SECONDS, abs=0.7)


def test_without_tasks_too(place: StoreFixture) -> None:
    with pytest.raises((OutOfTime, DomainTimeout)):
        LongQueries(SilentDomain(30), None, Rules(()), 0.05).ask(request("POST", "/a/_search"), "alice", Upload())


def test_prefer_respond_async_is_a_task_at_once(place: StoreFixture) -> None:
    began = time.monotonic()
    found = ask(place, SilentDomain(30), request("POST", "/logs/_search", (("Prefer", "respond-async"),)))
    assert isinstance(found, ProxyResponse) and b"".join(found.body) == b"by task"  # a task that takes no time
    assert time.monotonic() - began < 0.3
