"""Guessing is slowed down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.errors import TooManyFailures
from access_es.sign_in.throttle import PERSON_ANYWHERE, PERSON_AT_ADDRESS, Backoff, Throttle, wait_seconds
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.stores import Failures
from tests.users.test_sqlite_stores import close

NOW = 1_800_000_000.0
HOME, BOT = "192.0.2.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("count", "seconds_later", "wait"),
    [
        (0, 0, 0),
        (3, 0, 0),
        (4, 0, 1),
        (5, 0, 2),
        (6, 0, 4),
        (6, 3, 1),
        (6, 4, 0),
        (14, 0, 600),
        (10**9, 0, 600),
        (10**9, 601, 0),
    ],
)
def test_waiting_doubles_up_to_a_limit(count: int, seconds_later: int, wait: int) -> None:
    assert wait_seconds(Backoff(free=3, longest_seconds=600), Failures(count, NOW), NOW + seconds_later) == wait


def test_an_hour_later_failures_no_longer_count() -> None:
    assert wait_seconds(Backoff(0, 10_000), Failures(50, NOW), NOW + 3_601) == 0


def test_a_clock_that_was_set_back_locks_nobody_out_for_long() -> None:
    assert wait_seconds(PERSON_AT_ADDRESS, Failures(6, NOW), NOW - 86_400) == 1


@pytest.fixture
def throttle(tmp_path: Path) -> Iterator[Throttle]:
    stores = open_file_stores(tmp_path / "accounts.db")
    yield Throttle(stores.failures)
    close(stores)


def fail(throttle: Throttle, times: int, user: str = "ann", address: str = HOME, now: float = NOW) -> None:
    for _ in range(times):
        throttle.failed(user, address, now)


def test_a_person_may_mistype_a_few_times(throttle: Throttle) -> None:
    fail(throttle, PERSON_AT_ADDRESS.free)
    throttle.check("ann", HOME, NOW)


def test_then_the_person_waits_and_sees_how_long(throttle: Throttle) -> None:
    fail(throttle, PERSON_AT_ADDRESS.free + 4)
    with pytest.raises(TooManyFailures) as caught:
        throttle.check("ann", HOME, NOW + 0.5)
    assert caught.value.retry_after_seconds == 8
    throttle.check("ann", HOME, NOW + 8)


def test_success_resets_the_failures(throttle: Throttle) -> None:
    fail(throttle, 20)
    throttle.succeeded("ann", HOME, NOW)
    throttle.check("ann", HOME, NOW)


def test_others_at_the_address_and_the_person_elsewhere_do_not_wait(throttle: Throttle) -> None:
    fail(throttle, 20, address=BOT)
    throttle.check("ann", HOME, NOW)
    throttle.check("bob", BOT, NOW)


def test_one_name_tried_from_everywhere_is_slowed_down_mildly(throttle: Throttle) -> None:
    for number in range(70):
        throttle.failed("ann", f"203.0.113.{number}", NOW)
    with pytest.raises(TooManyFailures) as caught:
        throttle.check("ann", HOME, NOW)
    assert caught.value.retry_after_seconds <= PERSON_ANYWHERE.longest_seconds


def test_an_attack_on_a_name_never_keeps_its_owner_out_where_the_owner_was_before(throttle: Throttle) -> None:
    throttle.succeeded("ann", HOME, NOW)
    for number in range(200):
        throttle.failed("ann", f"203.0.113.{number}", NOW + 10)
    throttle.check("ann", HOME, NOW + 10)
    with pytest.raises(TooManyFailures):
        throttle.check("ann", "198.51.100.7", NOW + 10)


def test_one_address_trying_many_names_is_slowed_down(throttle: Throttle) -> None:
    for number in range(70):
        throttle.failed(f"user{number}", BOT, NOW)
    with pytest.raises(TooManyFailures):
        throttle.check("ann", BOT, NOW)
    throttle.check("ann", HOME, NOW)


def test_the_many_addresses_of_one_ipv6_customer_are_one(throttle: Throttle) -> None:
    for number in range(20):
        throttle.failed("ann", f"2001:db8:1:2::{number:x}", NOW)
    with pytest.raises(TooManyFailures):
        throttle.check("ann", "2001:db8:1:2:ffff::1", NOW)
    throttle.check("ann", "2001:db8:1:3::1", NOW)


def test_an_ipv4_mapped_ipv6_address_is_the_same(throttle: Throttle) -> None:
    fail(throttle, 20, address="::ffff:192.0.2.1")
    with pytest.raises(TooManyFailures):
        throttle.check("ann", HOME, NOW)


@pytest.mark.parametrize("address", ["", "unknown", "fe80::1%eth0", "x" * 10_000])
def test_an_address_of_any_form_is_accepted(throttle: Throttle, address: str) -> None:
    fail(throttle, 20, user="\udce9" * 100, address=address)
    with pytest.raises(TooManyFailures):
        throttle.check("\udce9" * 100, address, NOW)
