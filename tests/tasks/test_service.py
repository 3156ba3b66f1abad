"""The service believes what it knows: a start whose answer got lost is one, and a store that is silent says nothing."""

from __future__ import annotations

import pytest

from access_es.tasks.heartbeat import DEAD_SECONDS
from access_es.tasks.service import START_SECONDS, TaskService, TaskState
from access_es.tasks.store import Failure, Result, Store
from access_es.tasks.stored_body import StoredBody
from access_es.tasks.tickets import Tickets
from access_es.upload import Upload
from tests.tasks.conftest import StoreFixture
from tests.tasks.requests import asked

REQUEST = asked("POST", "/_reindex")


class Claimed:
    """Lambda has begun with the task when its answer gets lost."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(self, id: str) -> None:
        assert self._store.claim(id, "r1")
        raise ConnectionError("timed out")


def test_a_write_that_runs_is_not_given_up_for_the_lost_answer_of_its_start(place: StoreFixture) -> None:
    service = TaskService(place.store, place.blobs, Claimed(place.store), Tickets(["s" * 40]), list, place.clock)
    ticket = service.start("alice", REQUEST, Upload(b"{}"), is_search=False)
    assert place.store.record_heartbeat(ticket.id, "r1")
    assert service.wait_for_end(ticket, 0.0) == "running"


class Late:
    """A store whose task is claimed between two looks of those who wait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        if name == "withdraw":
            assert self._store.claim(self.id, "r1")
        return getattr(self._store, name)

    id = ""


class Queued:
    def start(self, id: str) -> None:
        """It waits in Lambda's queue."""


def test_a_write_that_is_begun_at_the_last_moment_goes_on(place: StoreFixture) -> None:
    store = Late(place.store)
    service = TaskService(store, place.blobs, Queued(), Tickets(["s" * 40]), list, place.clock)  # type: ignore[arg-type]
    ticket = service.start("alice", REQUEST, Upload(b"{}"), is_search=False)
    store.id = ticket.id
    place.clock.now += START_SECONDS + 1
    assert service.wait_for_end(ticket, 0.0) == "running"
    assert place.store.record_heartbeat(ticket.id, "r1")


@pytest.mark.parametrize(
    ("failure", "state"),
    [(None, "answered"), (Failure(502, "domain_unreachable", "network", "It is not there."), "failed")],
)
def test_a_failure_is_no_answer(place: StoreFixture, failure: Failure | None, state: TaskState) -> None:
    service = TaskService(place.store, place.blobs, Queued(), Tickets(["s" * 40]), list, place.clock)
    ticket = service.start("alice", REQUEST, Upload(b"{}"), is_search=True)
    assert service.state(ticket) == "open"
    assert place.store.claim(ticket.id, "r1")
    assert service.state(ticket) == "running"
    place.store.finish(ticket.id, "r1", Result(502, None, (), StoredBody(0, False, b""), failure))
    assert service.state(ticket) == state


def test_nor_is_a_task_that_died_or_was_never_begun(place: StoreFixture) -> None:
    service = TaskService(place.store, place.blobs, Queued(), Tickets(["s" * 40]), list, place.clock)
    begun, waiting = (service.start("alice", REQUEST, Upload(b"{}"), is_search=True) for _ in range(2))
    assert place.store.claim(begun.id, "r1")
    place.clock.now += max(DEAD_SECONDS, START_SECONDS) + 1
    assert service.state(begun) == service.state(waiting) == "failed"
