"""What a client reads who waits for a task while the store of tasks fails."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

import pytest

from access_es.messages import Headers, ProxyResponse
from access_es.tasks.failures import TasksUnusable
from access_es.tasks.long_queries import LongQueries
from access_es.tasks.poll import outcome
from access_es.tasks.replies import OwnReply
from access_es.tasks.rules import Rules
from access_es.tasks.runner import Runner
from access_es.tasks.service import TaskService
from access_es.tasks.store import Store
from access_es.tasks.stored_body import BlobStore
from access_es.tasks.tickets import Tickets
from access_es.upload import Upload
from tests.tasks.conftest import StoreFixture
from tests.tasks.requests import asked

LATER: Headers = (("Prefer", "respond-async"),)
TICKETS = Tickets(["s" * 40])


class Failing:
    """A store and a blobs, of which some calls fail."""

    def __init__(self, place: StoreFixture, failing: Iterable[str] = ()) -> None:
        self._place = place
        self.failing = set(failing)

    def get(self, name: str) -> Iterator[bytes]:
        self._check("get")
        yield from self._place.blobs.get(name)

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        self._place.blobs.put(name, pieces)

    def __getattr__(self, name: str) -> object:
        self._check(name)
        return getattr(self._place.store, name)

    def _check(self, name: str) -> None:
        if name in self.failing:
            raise TasksUnusable(detail="throttled")


class Now:
    """Carries a task out before its start has been answered."""

    def __init__(self, store: Store, blobs: BlobStore, answer: bytes) -> None:
        headers = (("Content-Encoding", "x"),)  # so it is kept in its full length
        self._runner = Runner(lambda *_, **__: ProxyResponse.held(201, headers, answer), store, blobs)

    def start(self, id: str) -> None:
        self._runner.run(id)


def service_of(place: StoreFixture, failing: Failing, answer: bytes) -> TaskService:
    store: Store = failing  # type: ignore[assignment]
    return TaskService(store, failing, Now(place.store, place.blobs, answer), TICKETS, list, place.clock)


@pytest.mark.parametrize("failing", ["read_progress", "result", "get"])
@pytest.mark.parametrize(("headers", "status"), [(LATER, 202), ((), 303)])
def test_a_write_that_was_started_is_never_answered_as_if_it_was_not(
    place: StoreFixture, failing: str, headers: Headers, status: int
) -> None:
    """Whoever reads "try again" does it twice. Its ticket may be asked as often as one likes."""
    fails, answer = Failing(place, [failing]), os.urandom(300_000)
    service = service_of(place, fails, answer)
    request = asked("POST", "/_reindex", headers, answer_by=time.monotonic() + 0.3)
    began: list[str] = []
    found = LongQueries(lambda *_, **__: pytest.fail(), service, Rules(("_reindex",)), 9.0).ask(
        request, "alice", Upload(b"{}"), began.append
    )
    assert began == ["at_once"]
    assert isinstance(found, OwnReply) and found.response.status == status
    fails.failing.clear()
    ticket = service.open((found.response.header("location") or "").rpartition("/")[2], "alice")
    assert ticket is not None
    result = outcome(service, ticket, request, 0.0)
    assert result is not None and (result.status, b"".join(result.body)) == (201, answer)


def test_why_a_task_began_is_noted(place: StoreFixture) -> None:
    """For the audit: a second attempt is not the same as a search that is known to be slow."""

    def send(*_: object, waits: Iterator[float] | None = None, **__: object) -> ProxyResponse:
        for seconds in waits or ():
            time.sleep(seconds)
        raise AssertionError("it must be handed over")

    began: list[str] = []
    queries = LongQueries(send, service_of(place, Failing(place), b"{}"), Rules(()), 0.05)
    for seconds in (1.0, 0.05):
        request = asked("POST", "/logs/_search", answer_by=time.monotonic() + seconds)
        queries.ask(request, "alice", Upload(b"{}"), began.append)
    assert began == ["hedge", "slow"]


def test_an_unreadable_result_is_an_error_before_its_head_is_sent(place: StoreFixture) -> None:
    fails = Failing(place, ["get"])
    service = service_of(place, fails, os.urandom(300_000))
    request = asked("POST", "/_reindex")
    ticket = service.start("alice", request, Upload(b"{}"), is_search=False)
    with pytest.raises(TasksUnusable):
        outcome(service, ticket, request, 0.0)
