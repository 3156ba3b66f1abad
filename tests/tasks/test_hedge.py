"""When a search is asked a second time, and when its client is sent round."""

from __future__ import annotations

import time

import pytest

from access_es.tasks.failures import NotStarted
from access_es.tasks.hedge import HandedOver, Hedge
from access_es.tasks.tickets import Ticket

TICKET = Ticket("t1", "alice", 0.0)


def wait_out(hedge: Hedge) -> list[float]:
    """Wait as it says, in vain; the lengths."""
    waited = []
    with pytest.raises(HandedOver):
        for seconds in hedge.waits():
            waited.append(seconds)
            time.sleep(seconds)
    return waited


def test_it_starts_late_and_lets_go_in_time() -> None:
    began = time.monotonic()
    started = []

    def start() -> Ticket:
        started.append(time.monotonic() - began)
        return TICKET

    hedge = Hedge(start, lambda ticket: "open", 0.2, began + 0.6, began + 9)
    wait_out(hedge)
    assert started == [pytest.approx(0.2, abs=0.05)] and hedge.ticket == TICKET
    assert time.monotonic() - began == pytest.approx(0.6, abs=0.05)


def test_a_search_known_to_be_slow_is_still_started_before_the_client_must_go() -> None:
    began = time.monotonic()
    hedge = Hedge(lambda: TICKET, lambda ticket: "open", 100.0, began + 0.4, began + 9)
    assert wait_out(hedge)[0] == pytest.approx(0.34, abs=0.02)


def test_a_task_that_is_faster_wins() -> None:
    hedge = Hedge(lambda: TICKET, lambda ticket: "answered", 0.05, time.monotonic() + 20, time.monotonic() + 20)
    began = time.monotonic()
    wait_out(hedge)
    assert time.monotonic() - began < 2


def test_the_first_attempt_is_dropped_as_soon_as_a_runner_has_the_task() -> None:
    """And not before: until then it may still answer, and what the domain did for it is not done twice."""
    began = time.monotonic()
    hedge = Hedge(
        lambda: TICKET,
        lambda ticket: "running" if time.monotonic() > began + 0.5 else "open",
        0.1,
        began + 9,
        began + 9,
    )
    wait_out(hedge)
    assert time.monotonic() - began == pytest.approx(0.6, abs=0.15)


def test_where_none_can_be_started_the_first_one_goes_on() -> None:
    def start() -> Ticket:
        raise NotStarted

    began = time.monotonic()
    hedge = Hedge(start, lambda ticket: "answered", 0.1, began + 0.2, began + 0.4)
    wait_out(hedge)
    assert hedge.ticket is None and 0.4 <= time.monotonic() - began < 1


def test_a_task_that_fails_leaves_the_search_to_the_first_one() -> None:
    """Its sandbox may be the one that does not reach the domain."""
    began = time.monotonic()
    hedge = Hedge(lambda: TICKET, lambda ticket: "failed", 0.05, began + 1.2, began + 1.4)
    wait_out(hedge)
    assert hedge.ticket is None and 1.4 <= time.monotonic() - began < 2
