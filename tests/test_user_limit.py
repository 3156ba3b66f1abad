"""How many requests of one user are answered at a time."""

from __future__ import annotations

import pytest

from access_es.user_limit import TooManyRequests, UserLimit


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
