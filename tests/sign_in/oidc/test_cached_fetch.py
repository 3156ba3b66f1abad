"""How often a provider is asked, whatever happens to it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from access_es.sign_in.oidc.cached_fetch import CachedFetch
from access_es.sign_in.oidc.errors import ProviderUnavailable
from tests.account_fixtures import Clock


class Source:
    def __init__(self) -> None:
        self.calls, self.is_down, self.seconds = 0, False, 0.0

    def __call__(self) -> int:
        self.calls += 1
        time.sleep(self.seconds)
        if self.is_down:
            raise ProviderUnavailable(detail="down")
        return self.calls


def test_it_is_fetched_once_an_hour() -> None:
    clock, source = Clock(), Source()
    cached = CachedFetch(source, clock)
    assert [cached.get() for _ in range(3)] == [1, 1, 1]
    clock.now += 3_600
    assert [cached.get() for _ in range(3)] == [2, 2, 2]


def test_an_outage_keeps_what_there_was_and_is_not_asked_about_by_everybody() -> None:
    clock, source = Clock(), Source()
    cached = CachedFetch(source, clock)
    cached.get()
    clock.now, source.is_down = clock.now + 4_000, True
    assert [cached.get() for _ in range(5)] == [1] * 5
    assert [cached.renew() for _ in range(5)] == [1] * 5
    assert source.calls == 3
    clock.now, source.is_down = clock.now + 11, False
    assert cached.get() == 4


def test_whoever_comes_first_to_a_provider_that_is_down_is_told_and_so_are_the_next_at_once() -> None:
    clock, source = Clock(), Source()
    source.is_down = True
    cached = CachedFetch(source, clock)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            cached.get()
    assert source.calls == 1
    clock.now, source.is_down = clock.now + 11, False
    assert cached.get() == 2


def test_what_must_be_recent_fails_although_there_is_something_older() -> None:
    clock, source = Clock(), Source()
    cached = CachedFetch(source, clock)
    assert [cached.get_recent(60) for _ in range(3)] == [1, 1, 1]
    clock.now, source.is_down = clock.now + 60, True
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            cached.get_recent(60)
    assert (cached.get(), source.calls) == (1, 2)
    clock.now, source.is_down = clock.now + 11, False
    assert (cached.get_recent(60), cached.get()) == (3, 3)


def test_a_renewal_is_made_at_most_every_five_minutes() -> None:
    clock, source = Clock(), Source()
    cached = CachedFetch(source, clock)
    assert [cached.renew() for _ in range(4)] == [1, 1, 1, 1]  # fetched a moment ago
    clock.now += 1
    assert [cached.renew() for _ in range(4)] == [2, 2, 2, 2]
    clock.now += 300
    assert cached.renew() == 3


def test_of_many_threads_one_fetches() -> None:
    source = Source()
    source.seconds = 0.05
    cached = CachedFetch(source, Clock())
    start = threading.Barrier(16)

    def get() -> int:
        start.wait()
        return cached.get()

    with ThreadPoolExecutor(16) as threads:
        assert {one.result() for one in [threads.submit(get) for _ in range(16)]} == {1}
    assert source.calls == 1
