"""A write is executed exactly once, or its client reads that nothing was done, or that nobody can know."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from access_es.errors import AccessEsError
from access_es.tasks.failures import TasksUnusable
from access_es.tasks.poll import outcome
from access_es.tasks.service import TaskService
from access_es.tasks.tickets import Ticket, Tickets
from access_es.upload import Upload
from tests.tasks.conftest import Clock, StoreFixture
from tests.tasks.faults import DELIVERY_FAULTS, DOMAIN_FAULTS, Deliveries, Domain, Faulty
from tests.tasks.requests import asked

RUNS = 500
REQUEST = asked("POST", "/logs/_update_by_query")
CERTAINLY_NOT = {"task_not_started"}
NOT_KNOWN = {"task_lost", "domain_broke_off", "task_broke"}


def ask(service: TaskService, ticket: Ticket, clock: Clock) -> str:
    """What the client reads in the end, however often it must come back."""
    for _ in range(100):
        try:
            found = outcome(service, ticket, REQUEST, 0.0)
        except TasksUnusable:
            continue
        except AccessEsError as error:
            return error.code
        if found is not None:
            return str(found.status)
        clock.now += 5
    raise AssertionError("still in progress")


def run(place: StoreFixture, seed: int) -> tuple[str, int, int]:
    """What the client reads; how often the domain executed by then, and at the end of all time."""
    source = random.Random(seed)
    domain = Domain(source.choice(DOMAIN_FAULTS))
    deliveries = Deliveries(place.store, place.blobs, domain, source, source.choice(DELIVERY_FAULTS))
    store = Faulty(place.store, source, source.choice((0, 0, 0.3)))
    service = TaskService(store, place.blobs, deliveries, Tickets(["s" * 40]), list, place.clock)
    try:
        ticket = service.start("alice", REQUEST, Upload(b"{}"), is_search=False)
    except AccessEsError as error:
        return f"at once {error.code}", domain.executed, domain.executed
    said = ask(service, ticket, place.clock)
    by_then = domain.executed
    deliveries.deliver(ticket.id)  # hours later
    return said, by_then, domain.executed


@pytest.mark.heavy
def test_a_write_is_executed_once_or_said_to_be_unknown(place: StoreFixture) -> None:
    said: Counter[str] = Counter()
    for seed in range(RUNS):
        code, by_then, at_last = run(place, seed)
        said[code] += 1
        assert at_last <= 1, (seed, code)
        if code in ("200", "result_not_kept"):
            assert (by_then, at_last) == (1, 1), seed
        elif code in CERTAINLY_NOT or code.startswith("at once"):
            assert at_last == 0, (seed, code)
        else:
            assert code in NOT_KNOWN, (seed, code)
    assert min(said["200"], said["task_lost"], said["task_not_started"], said["domain_broke_off"]) > 20, said
