"""The desk believes what it knows: a start whose answer got lost is one, and a store that is silent says nothing."""

from __future__ import annotations

import pytest

from access_es.tasks.desk import START_SECONDS, Desk, Outlook
from access_es.tasks.heart import DEAD_SECONDS
from access_es.tasks.kept import Kept
from access_es.tasks.store import Failure, Result, Store
from access_es.tasks.tickets import Tickets
from access_es.upload import Upload
from tests.tasks.asking import asked
from tests.tasks.conftest import Place

REQUEST = asked("POST", "/_reindex")


class Claimed:
    """Lambda has begun with the task when its answer gets lost."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(self, id: str) -> None:
        assert self._store.claim(id, "r1")
        raise ConnectionError("timed out")


def test_a_write_that_runs_is_not_given_up_for_the_lost_answer_of_its_start(place: Place) -> None:
    desk = Desk(place.store, place.shelf, Claimed(place.store), Tickets(["s" * 40]), list, place.clock)
    ticket = desk.start("alice", REQUEST, Upload(b"{}"), is_search=False)
    assert place.store.beat(ticket.id, "r1")
    assert desk.await_end(ticket, 0.0) == "running"


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


def test_a_write_that_is_begun_at_the_last_moment_goes_on(place: Place) -> None:
    store = Late(place.store)
    desk = Desk(store, place.shelf, Queued(), Tickets(["s" * 40]), list, place.clock)  # type: ignore[arg-type]
    ticket = desk.start("alice", REQUEST, Upload(b"{}"), is_search=False)
    store.id = ticket.id
    place.clock.now += START_SECONDS + 1
    assert desk.await_end(ticket, 0.0) == "running"
    assert place.store.beat(ticket.id, "r1")


@pytest.mark.parametrize(
    ("failure", "outlook"),
    [(None, "answered"), (Failure(502, "domain_unreachable", "network", "It is not there."), "failed")],
)
def test_a_failure_is_no_answer(place: Place, failure: Failure | None, outlook: Outlook) -> None:
    desk = Desk(place.store, place.shelf, Queued(), Tickets(["s" * 40]), list, place.clock)
    ticket = desk.start("alice", REQUEST, Upload(b"{}"), is_search=True)
    assert desk.outlook(ticket) == "open"
    assert place.store.claim(ticket.id, "r1")
    assert desk.outlook(ticket) == "open"
    place.store.finish(ticket.id, "r1", Result(502, None, (), Kept(0, False, b""), failure))
    assert desk.outlook(ticket) == outlook


def test_nor_is_a_task_that_died_or_was_never_begun(place: Place) -> None:
    desk = Desk(place.store, place.shelf, Queued(), Tickets(["s" * 40]), list, place.clock)
    begun, waiting = (desk.start("alice", REQUEST, Upload(b"{}"), is_search=True) for _ in range(2))
    assert place.store.claim(begun.id, "r1")
    place.clock.now += max(DEAD_SECONDS, START_SECONDS) + 1
    assert desk.outlook(begun) == desk.outlook(waiting) == "failed"
