"""How clients are divided between the workers."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack

import pytest

from access_es.server.scoreboard import Scoreboard, Slot
from tests.eventually import eventually
from tests.server_process import read_answer, running

CLIENTS = 16


def _slots(*connections: int) -> list[Slot]:
    slots = Scoreboard(len(connections)).slots
    for slot, count in zip(slots, connections, strict=True):
        slot.open()
        slot.add(count)
    return slots


def test_a_worker_with_more_clients_than_another_is_crowded() -> None:
    assert [slot.is_crowded() for slot in _slots(3, 2, 2)] == [True, False, False]
    assert not _slots(5)[0].is_crowded()
    assert not _slots(900, 800)[0].is_crowded()
    assert _slots(901, 800)[0].is_crowded()


def test_nobody_waits_for_a_worker_that_does_not_accept() -> None:
    """Not yet, or not any more."""
    slots = _slots(3, 0)
    slots[1].close()
    slots[1].add(-1)  # those it still has may leave
    assert not slots[0].is_crowded()
    assert not Scoreboard(2).slots[0].is_crowded()


def test_nobody_waits_for_a_worker_that_does_not_respond(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = _slots(3, 0)
    later = slots[1].last_beat + 4
    monkeypatch.setattr("time.monotonic", lambda: later)
    assert not slots[0].is_crowded()


def test_a_worker_that_starts_is_waited_for_until_it_is_ready_or_gone() -> None:
    slots = _slots(0, 0, 0)
    slots[1].start()
    assert [slot.are_others_starting() for slot in slots] == [True, False, True]
    assert not slots[0].is_crowded()
    slots[1].open()
    assert not slots[0].are_others_starting()
    slots[1].start()
    slots[1].close()
    assert not slots[0].are_others_starting()


def test_the_first_clients_are_divided_too() -> None:
    with running(workers=2) as server, ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(6)]
        of: Counter[int] = Counter()
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            of[json.loads(read_answer(client)[1])["pid"]] += 1
        assert sorted(of.values()) in ([2, 4], [3, 3]), of


def test_clients_are_divided_evenly() -> None:
    """Kept connections are served where they were accepted: in a crowded worker every request would wait."""
    with running(workers=2) as server, ExitStack() as stack:
        of: Counter[int] = Counter()

        def connect() -> bool:
            client = stack.enter_context(server.connect())
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            of[json.loads(read_answer(client)[1])["pid"]] += 1
            return len(of) == 2

        eventually(connect)  # both are ready
        for _ in range(CLIENTS):
            connect()
        assert max(of.values()) - min(of.values()) <= 2, of
