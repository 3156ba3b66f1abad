"""The desk believes what it knows: a start whose answer got lost is one, and a store that is silent says nothing."""

from __future__ import annotations

from access_es.tasks.desk import START_SECONDS, Desk
from access_es.tasks.store import Store
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
