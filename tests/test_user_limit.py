"""How many requests of one user are answered at a time."""

from __future__ import annotations

import gc
import threading

import pytest

from access_es.user_limit import OneAtATime, TooManyRequests, UserLimit


def test_places_are_each_users_own_and_given_back() -> None:
    limit = UserLimit(2)
    leave = limit.enter("ann")
    limit.enter("ann")
    limit.enter("bob")
    with pytest.raises(TooManyRequests):
        limit.enter("ann")
    leave()
    limit.enter("ann")


def test_users_who_have_left_are_forgotten_and_no_others() -> None:
    limit = UserLimit(1)
    limit.enter("ann")
    for number in range(5_000):
        limit.enter(str(number))()
    assert len(limit._places) <= 1_001
    with pytest.raises(TooManyRequests):
        limit.enter("ann")


def test_one_user_waits_for_its_own_turns_alone() -> None:
    queue, done = OneAtATime(), threading.Event()

    def take_turn() -> None:
        with queue.turn("ann"):
            done.set()

    other = threading.Thread(target=take_turn)
    with queue.turn("ann"):
        other.start()
        with queue.turn("bob"):
            assert not done.wait(0.1)
    other.join(5)
    assert done.is_set()


def test_a_turn_ends_with_an_error_and_nobody_is_remembered() -> None:
    queue = OneAtATime()
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"), queue.turn("ann"):
            raise ValueError("wrong")
    gc.collect()
    assert not queue._queues
